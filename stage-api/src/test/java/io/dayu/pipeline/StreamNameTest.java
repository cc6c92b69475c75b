package io.dayu.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class StreamNameTest {
  @Test
  void itsTextIsReadAgain() {
    var stream = new StreamName("crossing", "cam-0");
    assertThat(stream).hasToString("crossing/cam-0");
    assertThat(StreamName.isName("crossing/cam-0")).isTrue();
    assertThat(StreamName.parse("crossing/cam-0")).isEqualTo(stream).hasSameHashCodeAs(stream);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "crossing", "crossing/", "/cam-0", "a/b/c", "a//b", "a/b/"})
  void aTextThatIsNoNameIsRefused(String text) {
    assertThat(StreamName.isName(text)).isFalse();
    assertThatThrownBy(() -> StreamName.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the name of a stream is <pipeline>/<source>, was \"%s\"", text);
  }

  @Test
  void aMessageAboutALongTextIsShort() {
    assertThatThrownBy(() -> StreamName.parse("x".repeat(100_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .hasSizeLessThan(200);
  }

  @ParameterizedTest
  @CsvSource({"'',cam", "crossing,''", "a/b,cam", "crossing,cam/0"})
  void partsThatWouldBeReadAsOthersAreRefused(String pipeline, String source) {
    assertThatThrownBy(() -> new StreamName(pipeline, source))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("<pipeline>/<source>");
  }

  @Test
  void theyAreOrderedAsTheirTexts() {
    var texts = List.of("a-b/x", "a/x", "a/y", "b/x"); // '-' comes before '/'
    var sorted = new TreeSet<StreamName>();
    for (var text : List.of("b/x", "a/y", "a-b/x", "a/x")) sorted.add(StreamName.parse(text));
    assertThat(sorted).extracting(StreamName::toString).containsExactlyElementsOf(texts);
  }
}
