package io.dayu.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelSettingsTest {
  @Test
  void modelsLieInTheNodesDataDirectoryUnlessTheirDirectoryIsSet() {
    var usual = ModelSettings.from(dayu("node.data-dir = \"/var/dayu\"")).files();
    assertThat(usual.directory()).isEqualTo(Path.of("/var/dayu/models"));
    assertThat(usual.allowed()).isEqualTo(List.of(Path.of("/var/dayu/models")));
    assertThat(usual.maxBytes()).isEqualTo(512 << 20);
    var own = ModelSettings.from(dayu("models.dir = \"/data/models\"")).files();
    assertThat(own.directory()).isEqualTo(Path.of("/data/models"));
  }

  @Test
  void urisLeadToDeclaredDirectoriesOnly() {
    var files = ModelSettings.from(dayu("models.allowed-dirs = \"/a, /b\"")).files();
    assertThat(files.allowed()).isEqualTo(List.of(Path.of("/a"), Path.of("/b")));
  }

  @Test
  void everyWrongValueIsToldWithItsKey() {
    assertThatThrownBy(
            () ->
                ModelSettings.from(
                    dayu("models { allowed-dirs = \"models,/b\", max-size = 4 GiB }")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            "dayu.models.allowed-dirs has \"models\"", "dayu.models.max-size is 4294967296");
    assertThatThrownBy(() -> ModelSettings.from(dayu("models.max-size = 0")))
        .hasMessageContaining("dayu.models.max-size is 0; it must be positive");
  }

  private static Config dayu(String text) {
    return ConfigFactory.parseString("dayu { " + text + " }")
        .withFallback(ConfigFactory.defaultReference())
        .getConfig("dayu");
  }
}
