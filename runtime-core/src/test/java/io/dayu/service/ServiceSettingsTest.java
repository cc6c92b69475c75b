package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.MediaType;
import io.dayu.settings.ConfigurationException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceSettingsTest {
  static ServiceSettings settings(String dayu) {
    return ServiceSettings.from(
        ConfigFactory.parseString(dayu)
            .withFallback(ConfigFactory.load().getConfig("dayu"))
            .resolve());
  }

  @Test
  void withoutADeclarationThereIsNoService() {
    assertThat(settings("").declared()).isEmpty();
  }

  @Test
  void aUrlIsEnough() {
    var only = settings("services.count { url = \"http://127.0.0.1:9000\" }").declared().get(0);
    assertThat(only.name()).isEqualTo("count");
    assertThat(only.place())
        .isEqualTo(new ServiceDeclaration.At(URI.create("http://127.0.0.1:9000/")));
    assertThat(only.timeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(only.maxAnswer()).isEqualTo(16 << 20);
    assertThat(only.parallelism()).isEmpty();
  }

  @Test
  void everyKeyIsRead() {
    var declared =
        settings(
                """
                services {
                  a { command = [python3, a.py], environment { MODEL = small, N = 3 }, memory = 64 MiB
                      transport = http, parallelism = 4, timeout = 2s, max-answer = 1 MiB
                      payload = [frames], inputs = [boxes], output = labels
                      accepts = [image/jpeg, application/json] }
                }
                """)
            .declared();
    assertThat(declared)
        .singleElement()
        .satisfies(
            a -> {
              assertThat(a.place())
                  .isEqualTo(
                      new ServiceDeclaration.Program(
                          List.of("python3", "a.py"),
                          Map.of("MODEL", "small", "N", "3"),
                          OptionalLong.of(64 << 20)));
              assertThat(a.parallelism()).isEqualTo(OptionalInt.of(4));
              assertThat(a.timeout()).isEqualTo(Duration.ofSeconds(2));
              assertThat(a.maxAnswer()).isEqualTo(1 << 20);
              assertThat(a.payload()).contains(Set.of(MediaType.FRAMES));
              assertThat(a.inputs()).contains(DeclaredInputs.of(Set.of(MediaType.BOXES)));
              assertThat(a.output()).contains(MediaType.LABELS);
              assertThat(a.accepts()).contains(List.of(ContentType.JPEG, ContentType.JSON));
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "services.a {} | has neither url nor command",
        "services.a { url = \"http://127.0.0.1/\", command = [x] } | has both url and command",
        "services.a { command = [] } | command is empty",
        "services.a { command = python } | services.a.command",
        "services.a { url = \"ftp://127.0.0.1/\" } | write it as http://127.0.0.1:9000/",
        "services.a { url = \"http:/x y\" } | write it as http://127.0.0.1:9000/",
        "services.a { url = \"http://me@127.0.0.1/\" } | has a user",
        "services.a { url = \"http://models.example/\" } | dayu.services-allowed-hosts does not name",
        "services.a { url = \"http://169.254.169.254/\" } | dayu.services-allowed-hosts does not name",
        "services.a { url = \"http://127.0.0.1/\", memory = 1 GiB } | is for a command",
        "services.a { url = \"http://127.0.0.1/\", transport = smtp } | write http or grpc",
        "services.a { url = \"https://127.0.0.1:9000/\", transport = grpc } | write it as grpc://127.0.0.1:9000, grpcs://models.example:9000 (TLS)",
        "services.a { url = \"grpcs://127.0.0.1:9000/\" } | write it as http://127.0.0.1:9000/",
        "services.a { url = \"grpc://127.0.0.1\", transport = grpc } | write it as grpc://127.0.0.1:9000",
        "services.a { url = \"grpc://127.0.0.1:9000/x\", transport = grpc } | write it as grpc://127.0.0.1:9000",
        "services.a { url = \"grpc://models.example:9000\", transport = grpc } | dayu.services-allowed-hosts does not name",
        "services.a { url = \"unix:run/x.sock\", transport = grpc } | unix:/run/it.sock",
        "services.a { url = \"unix:/run/x.sock\" } | write it as http://127.0.0.1:9000/",
        "services.a { url = \"http://127.0.0.1/\", parallelism = 0 } | must be 1 to 256",
        "services.a { url = \"http://127.0.0.1/\", timeout = 0s } | timeout must be positive",
        "services.a { url = \"http://127.0.0.1/\", timeout = 1h } | above dayu.process.stage-timeout",
        "services.a { url = \"http://127.0.0.1/\", max-answer = 2 GiB } | 1 byte to 1 GiB",
        "services.a { url = \"http://127.0.0.1/\", output = sound } | use frames, boxes",
        "services.a { url = \"http://127.0.0.1/\", inputs { \"a b\" = [boxes] } } | which is no name",
        "services.a { url = \"http://127.0.0.1/\", inputs { a { required = false } } } | names no media type",
        "services.a { url = \"http://127.0.0.1/\", accepts = [text/html] } | use some of application/json",
        "services.a { url = \"http://127.0.0.1/\", urll = x } | urll is no key of a service",
        "services.a { image = \"me/count:1\" } | operator on Kubernetes",
        "services.A_b { url = \"http://127.0.0.1/\" } | lower-case letters",
        "services.a = 3 | must be an object",
        "services.a { command = [x], environment { DAYU_SERVICE_PORT = 1 } } | set by the node itself",
        "services-allowed-hosts = [\"a b\"] | dayu.services-allowed-hosts has",
      })
  void whatCannotBeUsedIsSaid(String dayu, String expected) {
    assertThatThrownBy(() -> settings(dayu))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(expected);
  }

  @Test
  void allProblemsAreToldTogether() {
    assertThatThrownBy(
            () -> settings("services { a {}, b { url = \"http://b.example/\", parallelism = 0 } }"))
        .hasMessageContaining("dayu.services.a has neither")
        .hasMessageContaining("dayu.services.b.parallelism");
  }

  @Test
  void aHostMayBeAllowed() {
    assertThat(
            settings(
                    "services-allowed-hosts = [\"*.plant.example:9000\"]\n"
                        + "services.a { url = \"http://m.plant.example:9000/x\" }")
                .declared())
        .hasSize(1);
  }
}
