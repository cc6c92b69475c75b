package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.settings.ConfigurationException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HttpSettingsTest {
  private static HttpSettings with(String config) {
    return HttpSettings.from(
        ConfigFactory.parseString(config).withFallback(ConfigFactory.defaultReference()));
  }

  @Test
  void theDefaultsAreOpenOnLoopback() {
    var settings = with("");
    assertThat(settings.loopback()).isTrue();
    assertThat(settings.tokens().open()).isTrue();
    assertThat(settings.port()).isEqualTo(8080);
    assertThat(settings.maxBody()).isEqualTo(1 << 20);
    assertThat(settings.requestTimeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void tokensMayComeAsOneStringAsInTheEnvironment() {
    var hash = Tokens.sha256("a");
    var settings = with("dayu.http.tokens = \"read:%s, write:%s\"".formatted(hash, hash));
    assertThat(settings.tokens().tokens()).hasSize(2);
    assertThat(settings.tokens().role("a")).isEqualTo(Tokens.Role.WRITE);
    assertThat(settings.tokens().role("b")).isEqualTo(Tokens.Role.NOBODY);
  }

  @Test
  void allProblemsAreToldAtOnceAndNoTokenIsRepeated() {
    assertThatThrownBy(
            () ->
                with(
                    "dayu.http { port = 70000, max-body = 0, heartbeat = soon, tokens = [\"admin:1\"] }"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            "dayu.http.port", "dayu.http.max-body", "dayu.http.heartbeat", "dayu.http.tokens")
        .hasMessageNotContaining("admin:1");
  }
}
