package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
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

  private int run(String... args) {
    var writer = new PrintWriter(out, true);
    return Dayu.commandLine(writer, writer).execute(args);
  }
}
