package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFilesTest {
  @TempDir private Path home;
  private Path own;
  private Path declared;
  private Path secret;
  private ModelFiles models;

  @BeforeEach
  void files() throws Exception {
    own = Files.createDirectories(home.resolve("models"));
    declared = Files.createDirectories(home.resolve("declared"));
    secret = Files.writeString(home.resolve("secret.onnx"), "secret");
    models = new ModelFiles(own, List.of(declared), 100);
  }

  @Test
  void aNameIsLookedUpInTheDirectoryAndItsSubdirectories() throws Exception {
    var plant = Files.createDirectories(own.resolve("plant"));
    var file = Files.writeString(plant.resolve("a model.onnx"), "x");
    assertThat(models.find("plant/a model.onnx")).isEqualTo(file.toRealPath());
  }

  @Test
  void aUriNamesAFileInADeclaredDirectory() throws Exception {
    var file = Files.writeString(declared.resolve("street.onnx"), "x");
    assertThat(models.find(file.toUri().toString())).isEqualTo(file.toRealPath());
    assertThat(models.find("file:" + file)).isEqualTo(file.toRealPath());
  }

  @Test
  void whatLiesElsewhereIsRefusedInTheSameWordsWhetherItIsThereOrNot() {
    for (var outside :
        List.of(
            "../secret.onnx",
            "plant/../../secret.onnx",
            secret.toString(),
            "file:" + secret,
            "file:" + declared + "/../secret.onnx"))
      assertThat(refusal(outside))
          .contains("does not let pipelines load", "dayu.models.allowed-dirs")
          .isEqualTo(refusal(outside.replace("secret", "nothing")).replace("nothing", "secret"));
  }

  @Test
  void aLinkOutOfTheDirectoryIsRefused() throws Exception {
    Files.createSymbolicLink(own.resolve("link.onnx"), secret);
    assertThat(refusal("link.onnx")).contains("does not let pipelines load");
    var inside = Files.writeString(own.resolve("v2.onnx"), "x");
    Files.createSymbolicLink(own.resolve("latest.onnx"), inside);
    assertThat(models.find("latest.onnx")).isEqualTo(inside.toRealPath());
  }

  @Test
  void aDirectoryThatIsALinkItselfIsTheOneItLeadsTo() throws Exception {
    var file = Files.writeString(declared.resolve("street.onnx"), "x");
    var link = Files.createSymbolicLink(home.resolve("link"), declared);
    assertThat(new ModelFiles(link, List.of(), 100).find("street.onnx"))
        .isEqualTo(file.toRealPath());
  }

  @Test
  void whatIsNoFileIsAProblemThatSaysWhatToDo() throws Exception {
    Files.createDirectories(own.resolve("plant"));
    assertThat(refusal("plant")).contains("is not a file");
    assertThat(refusal("tram.onnx")).contains("no model tram.onnx", own.toString());
    assertThat(refusal("https://example.org/street.onnx")).contains("models are not fetched");
    assertThat(refusal("file://host/street.onnx")).contains("not the URI of a file");
    assertThat(refusal("file:/a b")).contains("not the URI of a file");
    assertThat(refusal("a\0b")).contains("not the name of a file");
    assertThat(refusal(" ")).contains("no model");
  }

  private String refusal(String model) {
    var message = new String[1];
    assertThatThrownBy(() -> models.find(model))
        .isInstanceOf(ModelException.class)
        .satisfies(e -> message[0] = e.getMessage());
    return message[0];
  }
}
