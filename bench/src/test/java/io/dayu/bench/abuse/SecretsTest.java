package io.dayu.bench.abuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
  private final Secrets secrets = new Secrets(new Random(1), List.of("the token", "the password"));

  @Test
  void aSecretAmongOtherBytesIsFoundAndSaidOnce() {
    var told = ("\u00ffuser:" + secrets.of("the password") + "\u0000").getBytes(UTF_8);
    secrets.search("an answer", told);
    secrets.search("an answer", told);
    assertThat(secrets.leaks()).containsExactly("the password is told in an answer");
    assertThat(secrets.bytes()).isEqualTo(2L * secrets.of("the password").length());
  }

  @Test
  void whatIsNoSecretIsNone() {
    secrets.search("an answer", secrets.of("the token").substring(1).getBytes(UTF_8));
    assertThat(secrets.leaks()).isEmpty();
    assertThat(secrets.bytes()).isZero();
  }

  @Test
  void logsAreSearchedWithTheirPlace(@TempDir Path directory) throws IOException {
    Files.createDirectory(directory.resolve("edge-1"));
    Files.writeString(directory.resolve("edge-1/edge-1.log"), "x " + secrets.of("the token"));
    Files.writeString(directory.resolve("other.txt"), secrets.of("the password"));
    secrets.searchLogs(directory);
    assertThat(secrets.leaks()).containsExactly("the token is told in edge-1/edge-1.log");
  }
}
