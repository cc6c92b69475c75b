package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceFilesTest {
  @TempDir Path dir;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  @Test
  void severalFilesBecomeOneThatNodesRead() throws IOException {
    var a = file("a \"1\".conf", "dayu.services.a { url = \"http://127.0.0.1:1/\" }");
    var b = file("b.conf", "dayu { services { b { command = [x] } } }");
    ServiceFiles.check(List.of(a, b));
    var one = ServiceFiles.together(List.of(a, b), dir.resolve("up"));
    var read = ConfigFactory.parseFile(one.orElseThrow().toFile()).resolve();
    assertThat(read.getConfig("dayu.services").root().keySet()).containsExactlyInAnyOrder("a", "b");
    assertThat(ServiceFiles.together(List.of(), dir)).isEmpty();
  }

  @Test
  void whatCannotBeUsedIsSaidBeforeAnythingStarts() throws IOException {
    assertThatThrownBy(() -> ServiceFiles.check(List.of(dir.resolve("none.conf"))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("none.conf");
    var empty = file("empty.conf", "dayu.process.max-tries = 2");
    assertThatThrownBy(() -> ServiceFiles.check(List.of(empty)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("declares no service");
    var broken = file("broken.conf", "dayu.services.a {");
    assertThatThrownBy(() -> ServiceFiles.check(List.of(broken))).isInstanceOf(UserException.class);
    var wrong = file("wrong.conf", "dayu.services.a { url = \"http://models.example/\" }");
    assertThatThrownBy(() -> ServiceFiles.check(List.of(wrong)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("services-allowed-hosts");
  }
}
