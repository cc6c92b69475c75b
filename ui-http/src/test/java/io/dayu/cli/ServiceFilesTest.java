package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceFilesTest {
  private static final Home HOME = new Home(Path.of("/opt/dayu"));

  @TempDir Path dir;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  @Test
  void severalFilesBecomeOneThatNodesRead() throws IOException {
    var a = file("a \"1\".conf", "dayu.services.a { url = \"http://127.0.0.1:1/\" }");
    var b = file("b.conf", "dayu { services { b { command = [${DAYU_HOME}/x] } } }");
    ServiceFiles.check(List.of(a, b), HOME);
    var one = ServiceFiles.together(List.of(a, b), HOME, dir.resolve("up"));
    var read = ConfigFactory.parseFile(one.orElseThrow().toFile()).resolve();
    assertThat(read.getConfig("dayu.services").root().keySet()).containsExactlyInAnyOrder("a", "b");
    assertThat(read.getStringList("dayu.services.b.command")).containsExactly("/opt/dayu/x");
    assertThat(ServiceFiles.together(List.of(), HOME, dir)).isEmpty();
  }

  @Test
  void whatCannotBeUsedIsSaidBeforeAnythingStarts() throws IOException {
    assertThatThrownBy(() -> ServiceFiles.check(List.of(dir.resolve("none.conf")), HOME))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("none.conf");
    var empty = file("empty.conf", "dayu.process.max-tries = 2");
    assertThatThrownBy(() -> ServiceFiles.check(List.of(empty), HOME))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("declares no service");
    var broken = file("broken.conf", "dayu.services.a {");
    assertThatThrownBy(() -> ServiceFiles.check(List.of(broken), HOME))
        .isInstanceOf(UserException.class);
    var wrong = file("wrong.conf", "dayu.services.a { url = \"http://models.example/\" }");
    assertThatThrownBy(() -> ServiceFiles.check(List.of(wrong), HOME))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("services-allowed-hosts");
  }
}
