package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.dayu.facts.NodeReport.Role;
import io.dayu.settings.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileTest {
  @TempDir private Path directory;

  @Test
  void whatNobodyElseSaysHoldsAsTheProfileSaysIt() throws IOException {
    write(
        "edge-1.json",
        """
        {"since": "2026-11-30T00:00:00Z", "profile": "north", "dayu": {
          "node": {"site": "north"},
          "read": {"files": "/data", "hosts": "cam.example"},
          "outbox": {"quota": "1 GiB"},
          "services": {"count-above": {"url": "http://127.0.0.1:9000/"}}}}
        """);
    var settings =
        NodeSettings.from(
            Role.EDGE, Profile.over(node("edge-1", "dayu.read.hosts = \"10.0.0.0/8\"")));
    assertThat(settings.cluster().site()).isEqualTo("north");
    assertThat(settings.read().files()).containsExactly("/data");
    assertThat(settings.read().hosts()).as("said elsewhere").containsExactly("10.0.0.0/8");
    assertThat(settings.outbox().quota()).isEqualTo(1L << 30);
    assertThat(settings.services().declared()).hasSize(1);
  }

  @Test
  void theFileIsThatOfTheKubernetesNode() throws IOException {
    write(Profile.file("edge-3.site-b"), "{\"dayu\": {\"node\": {\"site\": \"b\"}}}");
    var there = node("renamed", "dayu.node.kubernetes-node = edge-3.site-b");
    assertThat(Profile.over(there).getString("dayu.node.site")).isEqualTo("b");
    var other = node("edge-4", "");
    assertThat(Profile.over(other)).isSameAs(other);
  }

  @Test
  void aFileThatCannotBeUsedKeepsTheNodeFromStartingWithWords() throws IOException {
    write("edge-1.json", "{\"dayu\": {\"http\": {\"tokens\": \"x\"}}}");
    assertThatThrownBy(() -> Profile.over(node("edge-1", "")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("edge-1.json")
        .hasMessageContaining("dayu.http.tokens is nothing for a profile");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'read':{'fles':'/data'}} | did you mean dayu.read.files",
        "{'outbox':{'quota':'much'}} | dayu.outbox.quota",
        "{'outbox':3} | dayu.outbox",
        "{'node':{'name':'another'}} | dayu.node.name is nothing for a profile",
        "{'keys':{'required':false}} | dayu.keys.required is nothing for a profile",
        "{'services':{'x':{'url':'nowhere'}}} | services.x",
        "3 | dayu"
      })
  void whatANodeCouldNotUseIsToldWithWords(String dayu, String words) {
    assertThatThrownBy(() -> Profile.verify("{\"dayu\": " + dayu.replace('\'', '"') + "}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words.strip());
  }

  @Test
  void whatANodeCanUseIsFine() {
    assertThatCode(
            () -> {
              Profile.verify("{\"since\": \"now\"}");
              Profile.verify("{\"dayu\": {\"memory\": {\"windows\": 10}}}");
            })
        .doesNotThrowAnyException();
  }

  /** A file says only what stands in it. */
  @Test
  void nothingIsSubstituted() throws IOException {
    write("edge-1.json", "{\"dayu\": {\"node\": {\"site\": \"${PATH}\"}}}");
    assertThat(Profile.over(node("edge-1", "")).getString("dayu.node.site")).isEqualTo("${PATH}");
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private Config node(String name, String more) {
    return ConfigFactory.parseString(more)
        .withValue("dayu.node.profiles", ConfigValueFactory.fromAnyRef(directory.toString()))
        .withValue("dayu.node.name", ConfigValueFactory.fromAnyRef(name))
        .withValue("dayu.cluster.seeds", ConfigValueFactory.fromAnyRef("127.0.0.1:1"))
        .withFallback(ConfigFactory.load());
  }
}
