package io.dayu.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoginTest {
  private static final String NAME = "DAYU_CREDENTIALS_PLANT";

  private final Map<String, String> environment = new HashMap<>(Map.of(NAME, "meter:se:cret"));

  private Login login(String uri) {
    return Login.of("plant", URI.create(uri), environment::get);
  }

  private String problem(String uri) {
    var problem = new String[1];
    assertThatThrownBy(() -> login(uri))
        .isInstanceOfSatisfying(
            SourceException.class,
            e -> {
              assertThat(e.permanent()).isTrue();
              problem[0] = String.valueOf(e.getMessage());
            })
        .hasMessageNotContaining("se:cret");
    return problem[0];
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "broker.example mqtts://broker.example/a",
        "broker.example mqtts://Broker.Example./a",
        "*.example https://cam.yard.example/a",
        "x,broker.example:8883 mqtts://broker.example/a",
        "10.0.0.0/8 https://10.1.2.3/a",
        "[::1] https://[::1]/a"
      })
  void itIsForTheHostsThatTheNodeNames(String hosts, String uri) {
    environment.put(NAME + "_HOSTS", hosts);
    assertThat(login(uri).user()).isEqualTo("meter");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "broker.example mqtts://broker.example.evil.net/a",
        "broker.example mqtts://evil.net/broker.example",
        "broker.example:8883 mqtts://broker.example:8884/a",
        "*.example https://example/a",
        "10.0.0.0/8 https://11.1.2.3/a"
      })
  void itIsForNoOtherHost(String hosts, String uri) {
    environment.put(NAME + "_HOSTS", hosts);
    assertThat(problem(uri)).contains("credentials=plant is not for", NAME + "_HOSTS");
  }

  @Test
  void withoutHostsItIsForNobodyAndTheProblemSaysWhatToSet() {
    assertThat(problem("mqtts://broker.example/a"))
        .contains(NAME + "_HOSTS of this node", "as in \"broker.example\"");
    environment.put(NAME + "_HOSTS", "not a host");
    assertThat(problem("mqtts://broker.example/a")).contains("\"not a host\"", NAME + "_HOSTS");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plant-hosts", "plant_PLAIN"})
  void whatBelongsToCredentialsIsNone(String name) {
    environment.put(NAME + "_HOSTS", "a:1883");
    assertThatThrownBy(() -> Login.of(name, URI.create("mqtts://a/b"), environment::get))
        .hasMessageContaining("names no credentials");
  }

  @Test
  void thePasswordLeavesTheMachineEncryptedUnlessTheNodeSaysOtherwise() {
    environment.put(NAME + "_HOSTS", "broker.example");
    var login = login("mqtt://broker.example/a");
    assertThat(login.refusal(true, "broker.example")).isEmpty();
    assertThat(login.refusal(false, "127.0.0.1")).isEmpty();
    assertThat(login.refusal(false, "127.0.0.1.example")).isPresent();
    assertThat(login.refusal(false, "broker.example").orElseThrow())
        .contains("broker.example unencrypted", NAME + "_PLAIN=true");
    environment.put(NAME + "_PLAIN", "true");
    assertThat(login("mqtt://broker.example/a").refusal(false, "broker.example")).isEmpty();
  }

  @Test
  void basicIsNotSentUnencryptedAndDigestIs() {
    environment.put(NAME + "_HOSTS", "cam.example");
    var cam = URI.create("http://cam.example/a");
    var login = new HttpLogin(login("http://cam.example/a"), true);
    assertThat(login.authorization("GET", cam)).isEmpty();
    assertThat(
            login.retry(Optional.empty(), List.of("Digest realm=\"a\", nonce=\"b\", qop=\"auth\"")))
        .isTrue();
    assertThat(login.authorization("GET", cam).orElseThrow()).startsWith("Digest ");
    var other = new HttpLogin(login("http://cam.example/a"), false);
    assertThat(other.retry(Optional.empty(), List.of("Basic realm=\"a\""))).isTrue();
    assertThatThrownBy(() -> other.authorization("GET", cam))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("unencrypted");
  }
}
