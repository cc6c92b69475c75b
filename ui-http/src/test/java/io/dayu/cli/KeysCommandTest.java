package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysCommandTest {
  private final StringWriter out = new StringWriter();

  @TempDir private Path directory;

  @Test
  void keysOfAnAuthorityAreThoseThatANodeReads() {
    var authority = directory.resolve("authority");
    assertThat(run("keys", "authority", authority.toString())).isZero();
    assertThat(run("keys", "node", "edge-7", "--role", "edge", "--authority", authority.toString()))
        .isZero();
    assertThat(out.toString()).contains("Key of edge-7 (edge)", "valid until 2");
    assertThat(NodeKeys.open(authority.resolve("edge-7")).holder())
        .isEqualTo(new Holder("edge-7", Role.EDGE));
  }

  @Test
  void whatIsThereIsNotOverwrittenAndMistakesAreNamed() {
    var authority = directory.resolve("authority").toString();
    assertThat(run("keys", "authority", authority)).isZero();
    assertThat(run("keys", "authority", authority)).isNotZero();
    assertThat(out.toString()).contains("ca.key is there already and is not overwritten");
    assertThat(run("keys", "node", "e", "--role", "king", "--authority", authority)).isNotZero();
    assertThat(out.toString()).contains("king");
    assertThat(run("keys", "node", "a b", "--role", "edge", "--authority", authority)).isNotZero();
    assertThat(out.toString()).contains("\"a b\" is no node's name");
  }

  @Test
  void secretsHoldTheKeysOfAllNodesAndNotThatOfTheAuthority() throws Exception {
    var authority = directory.resolve("authority");
    assertThat(run("keys", "authority", authority.toString())).isZero();
    assertThat(run("keys", "secrets", authority.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("there are no keys of nodes");
    for (var node : List.of("cloud-1", "edge-1"))
      assertThat(
              run(
                  "keys",
                  "node",
                  node,
                  "--role",
                  node.substring(0, node.length() - 2),
                  "--authority",
                  authority.toString()))
          .isZero();
    var run = Cli.run("keys", "secrets", authority.toString(), "--namespace", "street");
    assertThat(run.code()).isZero();
    var secrets =
        new YAMLMapper().readerFor(JsonNode.class).<JsonNode>readValues(run.out()).readAll();
    assertThat(secrets)
        .extracting(secret -> secret.at("/metadata/name").asText())
        .containsExactly("dayu-keys-cloud-1", "dayu-keys-edge-1");
    var edge = Files.createDirectories(directory.resolve("mounted"));
    for (var file : secrets.get(1).path("data").properties())
      Files.write(edge.resolve(file.getKey()), file.getValue().binaryValue());
    assertThat(NodeKeys.open(edge).holder()).isEqualTo(new Holder("edge-1", Role.EDGE));
    assertThat(secrets.get(1).at("/metadata/namespace").asText()).isEqualTo("street");
    assertThat(edge.resolve("ca.key")).doesNotExist();
  }

  private int run(String... args) {
    var writer = new PrintWriter(out, true);
    return Dayu.commandLine(writer, writer).execute(args);
  }
}
