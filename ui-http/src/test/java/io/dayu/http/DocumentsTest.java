package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.dayu.http.Documents.Form;
import io.dayu.pipeline.Scalar;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DocumentsTest {
  private static Map<String, Object> read(String text, Form form) {
    return Documents.read(text.getBytes(StandardCharsets.UTF_8), Optional.of(form));
  }

  private static Problem refused(String text, Form form) {
    return catchThrowableOfType(Problem.Refused.class, () -> read(text, form)).problem();
  }

  @Test
  void bothFormsGiveTheSameTree() {
    var expected = Map.of("a", List.of(1, 2.5, true, "x"), "b", Map.of("c", "yes"));
    assertThat(read("{\"a\": [1, 2.5, true, \"x\"], \"b\": {\"c\": \"yes\"}}", Form.JSON))
        .isEqualTo(expected);
    assertThat(read("a: [1, 2.5, true, x]\nb:\n  c: \"yes\"\n", Form.YAML)).isEqualTo(expected);
  }

  @Test
  void aValueThatIsWrittenInAnUnusualWayKeepsItsText() {
    assertThat(read("a: [off, 007, 0x1f, 1_000]\nb: true\n", Form.YAML))
        .isEqualTo(
            Map.of(
                "a",
                List.of(
                    new Scalar(false, "off"),
                    new Scalar(7, "007"),
                    new Scalar(31, "0x1f"),
                    new Scalar(1000, "1_000")),
                "b",
                true));
    assertThat(read("{\"a\": 1E3}", Form.JSON)).isEqualTo(Map.of("a", new Scalar(1000.0, "1E3")));
  }

  @Test
  void aKeyThatStandsTwiceIsRefused() {
    for (var form : Form.values()) {
      var problem = refused("{\"a\": 1,\n\"a\": 2}", form);
      assertThat(problem.status()).isEqualTo(400);
      assertThat(problem.detail()).contains("line 2", "\"a\" stands twice");
    }
  }

  @Test
  void deepNestingIsRefused() {
    for (var form : Form.values())
      for (var depth : new int[] {Documents.MAX_DEPTH + 1, 200_000}) {
        var problem = refused("{\"a\":" + "[".repeat(depth) + "]".repeat(depth) + "}", form);
        assertThat(problem.status()).isEqualTo(400);
        assertThat(problem.detail()).contains("nested deeper");
      }
  }

  @Test
  void aliasesAreRefusedSoThatASmallDocumentStaysSmall() {
    var bomb =
        """
        a: &a [lol, lol]
        b: &b [*a, *a]
        c: [*b, *b]
        """;
    var problem = refused(bomb, Form.YAML);
    assertThat(problem.status()).isEqualTo(400);
    assertThat(problem.detail()).contains("line 2", "aliases");
  }

  @Test
  void aHugeNumberIsRefused() {
    assertThat(refused("{\"a\": " + "9".repeat(10_000) + "}", Form.JSON).status()).isEqualTo(400);
  }

  @Test
  void aSecondDocumentIsRefused() {
    assertThat(refused("{\"a\": 1} {\"b\": 2}", Form.JSON).detail()).contains("goes on");
    assertThat(refused("a: 1\n---\nb: 2\n", Form.YAML).detail()).contains("goes on");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    var latin = "name: Stra\u00dfe".getBytes(StandardCharsets.ISO_8859_1);
    var thrown =
        catchThrowableOfType(Problem.Refused.class, () -> Documents.read(latin, Optional.empty()));
    assertThat(thrown.problem().detail()).contains("UTF-8");
  }

  @Test
  void aDocumentThatEndsEarlyIsRefused() {
    assertThat(refused("{\"a\": [1, 2", Form.JSON).status()).isEqualTo(400);
    assertThat(refused("# nothing but a comment", Form.YAML).status()).isEqualTo(400);
  }
}
