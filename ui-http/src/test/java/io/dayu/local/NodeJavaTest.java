package io.dayu.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeJavaTest {
  @TempDir private Path home;

  @AfterEach
  void forget() {
    System.clearProperty(NodeJava.PROPERTY);
  }

  @Test
  void nodesRunOnTheJavaOfThisProcessUnlessAnotherOneIsNamed() throws IOException {
    var own = NodeJava.find();
    assertThat(own.home()).isEqualTo(Path.of(System.getProperty("java.home")));
    assertThat(own.feature()).isEqualTo(Runtime.version().feature());
    System.setProperty(NodeJava.PROPERTY, ""); // what the launcher says where it has found none
    assertThat(NodeJava.find()).isEqualTo(own);
    named("25.0.3");
    assertThat(NodeJava.find()).isEqualTo(new NodeJava(home, 25));
    assertThat(NodeJava.find().executable()).isEqualTo(home.resolve("bin/java"));
  }

  @Test
  void onlyFrom25OnClassDataIsAnAotCache() throws IOException {
    named("17.0.15");
    var old = NodeJava.find();
    assertThat(old.classDataName()).isEqualTo("class-data.jsa");
    assertThat(old.mapping(Path.of("/a"))).contains("-XX:SharedArchiveFile=/a");
    // Java 17 does not start with options that it does not know.
    assertThat(old.options()).isEmpty();
    named("25");
    var young = NodeJava.find();
    assertThat(young.classDataName()).isEqualTo("class-data.aot");
    assertThat(young.mapping(Path.of("/a"))).contains("-XX:AOTCache=/a");
    assertThat(young.options()).contains("-XX:+UseCompactObjectHeaders");
  }

  @Test
  void aDirectoryWithoutJavaIsRefusedWithWhatToDo() throws IOException {
    System.setProperty(NodeJava.PROPERTY, home.toString());
    assertThatThrownBy(NodeJava::find)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("DAYU_NODE_JAVA");
    named("none");
    assertThatThrownBy(NodeJava::find)
        .isInstanceOf(UserException.class)
        .hasMessageContaining(home.resolve("release").toString());
  }

  private void named(String version) throws IOException {
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"%s\"\n".formatted(version));
    System.setProperty(NodeJava.PROPERTY, home.toString());
  }
}
