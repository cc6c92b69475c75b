package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.client.PipelineYaml;
import io.dayu.http.Documents.Form;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineDocument;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Objective;
import io.dayu.pipeline.PipelineSpec.PolicySpec;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code dayu pipeline show --document} prints, submitted again. */
class ExportedPipelineTest {
  private static final List<String> ODD =
      List.of(
          "2024",
          "007",
          "1e3",
          "1E+3",
          "1.0",
          ".5",
          "-1",
          "+1",
          "0x1f",
          "0o17",
          "0b1",
          "1_000",
          "12:30:45",
          "190:20:30",
          "2001-01-01",
          "2001-12-14 21:59:43.10 -5",
          "off",
          "On",
          "NO",
          "y",
          "n",
          "yes",
          "true",
          "False",
          "null",
          "Null",
          "~",
          "",
          " ",
          "  x",
          "x  ",
          "<<",
          "=",
          "*a",
          "&a",
          "!t",
          "!!str x",
          "%x",
          "@x",
          "`x",
          "#x",
          "x #y",
          "x: y",
          "x:",
          ": x",
          "- x",
          "-",
          "---",
          "...",
          "? x",
          "[a]",
          "{a: b}",
          "a,b",
          "'",
          "\"",
          "a'b",
          "a\"b",
          "\\",
          "\\n",
          "a\nb",
          "a\n",
          "\na",
          "a\n\n b\n",
          "  a\n b",
          "a\r\nb",
          "\t",
          "a\tb",
          "\u0000",
          "\u0085",
          "\u2028x",
          "\ufeff",
          "ü",
          "\ud83d\ude00",
          ".inf",
          ".nan",
          "NaN",
          "Infinity",
          "x ".repeat(100),
          "http://h/a?b=c&d=%20#e",
          "|",
          ">",
          "a|b",
          "300ms",
          "1/s");

  private static PipelineSpec submitted(String yaml) {
    var tree = Documents.read(yaml.getBytes(StandardCharsets.UTF_8), Optional.of(Form.YAML));
    var parsed = PipelineDocument.read(tree);
    assertThat(parsed).as(yaml).isInstanceOf(Parsed.Ok.class);
    return ((Parsed.Ok) parsed).spec();
  }

  /** By the API's JSON, as the command line gets it. */
  private static String exported(PipelineSpec spec) throws IOException {
    var json = Json.bytes(PipelineDocument.write(spec)).toArray();
    return PipelineYaml.write(new ObjectMapper().readTree(json));
  }

  private static PipelineSpec pipeline(String name, Map<String, Object> params) {
    return new PipelineSpec(
        name,
        List.of(
            new SourceSpec(
                name,
                URI.create("http://host/" + name + ".mjpeg?a=b"),
                Optional.of(name),
                Optional.empty(),
                new TreeMap<>(Map.of("fps", List.of(5.0, 0.5, 1e10, 1e-7))))),
        List.of(new StageSpec(name, name, List.of(), params)),
        new PolicySpec("fixed", params),
        Objective.DEFAULT,
        Delivery.DEFAULT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2024", "007", "1e3", "0x1f", "0b1", "off", "no", "y", "true", "null", "1-2", "e1"
      })
  void aNameThatLooksLikeAnotherValueStaysAName(String name) throws IOException {
    var spec = pipeline(name, Map.of());
    assertThat(submitted(exported(spec))).isEqualTo(spec);
    assertThat(PipelineYaml.name(exported(spec))).contains(name);
  }

  @Property(tries = 500)
  void anExportedPipelineIsTheSameWhenItIsSubmittedAgain(
      @ForAll("params") Map<String, Object> params) throws IOException {
    var spec = pipeline("p", params);
    assertThat(submitted(exported(spec))).isEqualTo(spec);
  }

  @Provide
  Arbitrary<Map<String, Object>> params() {
    var some =
        Arbitraries.strings().withChars("aE01.:-#'\"\\\n\r\t ,[]{}&*!|>%@~_+=<?ü").ofMaxLength(12);
    var texts = Arbitraries.oneOf(Arbitraries.of(ODD), some);
    Arbitrary<Object> scalars =
        Arbitraries.oneOf(
            texts.map(v -> (Object) v),
            Arbitraries.longs().map(v -> (Object) v),
            Arbitraries.doubles().ofScale(2).map(v -> (Object) v),
            Arbitraries.of(1e10, -1.5e300, 1e-300, 4.9e-324, 0.1, 1e15, 1e17).map(v -> (Object) v),
            Arbitraries.of(true, false).map(v -> (Object) v));
    Arbitrary<Object> values =
        Arbitraries.oneOf(
            scalars,
            scalars.list().ofMaxSize(3).map(v -> (Object) v),
            Arbitraries.maps(texts, scalars).ofMaxSize(3).map(v -> (Object) v));
    return Arbitraries.maps(texts, values).ofMaxSize(4);
  }

  @Test
  void whatNeedsNoQuotesHasNone() throws IOException {
    var yaml = exported(pipeline("cam-0", Map.of("label", "person", "off", "no", "at", 0.5)));
    assertThat(yaml.lines())
        .contains(
            "  name: cam-0",
            "  - name: cam-0",
            "    uri: http://host/cam-0.mjpeg?a=b",
            "      - 1.0E+10",
            "      at: 0.5",
            "      label: person",
            "      \"off\": \"no\"");
  }
}
