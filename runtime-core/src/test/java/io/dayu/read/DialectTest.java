package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.element.Reading;
import io.dayu.source.Query;
import io.dayu.source.SourceException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DialectTest {
  private static final String HEADER = "sensor,at,value,unit";
  private static final String ROW = "t,2024-05-01T12:00:00Z,20.5,°C";
  private static final Reading READING = reading("t", 20.5, "°C");

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE"})
  void aByteOrderMarkTellsTheEncodingAndIsNoPartOfTheFirstName(Charset charset) throws Exception {
    var text = "\ufeff" + HEADER + "\r\n" + ROW + "\r\n";
    assertThat(csv(text.getBytes(charset), "")).containsExactly(new Entry.Good(READING));
    var json =
        "\ufeff{\"sensor\":\"t\",\"at\":\"2024-05-01T12:00Z\",\"value\":20.5,\"unit\":\"°C\"}";
    assertThat(json(json.getBytes(charset), "")).containsExactly(new Entry.Good(READING));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE"})
  void utf16IsRecognisedWithoutAMark(Charset charset) throws Exception {
    assertThat(csv((HEADER + "\n" + ROW).getBytes(charset), ""))
        .containsExactly(new Entry.Good(READING));
  }

  @Test
  void anotherEncodingIsNamedOrRefused() throws Exception {
    var latin = (HEADER + "\n" + ROW + "\n").getBytes(StandardCharsets.ISO_8859_1);
    assertThat(csv(latin, "charset=ISO-8859-1")).containsExactly(new Entry.Good(READING));
    assertThat(csv(latin, "unit=none"))
        .as("what is not read does not matter")
        .containsExactly(new Entry.Good(reading("t", 20.5, "")));
    assertThat(bad(csv(latin, ""))).hasSize(1).allMatch(b -> b.contains("charset=ISO-8859-1"));
    assertThatThrownBy(() -> csv(latin, "charset=klingon"))
        .isInstanceOf(SourceException.class)
        .hasMessageContaining("charset=klingon is unknown");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      delimiter = '!',
      value = {
        "sensor;at;value;unit ! t;2024-05-01T12:00:00Z;20,5;°C",
        "sensor|at|value|unit ! t|2024-05-01T12:00:00Z|20.5|°C",
        "sensor\\tat\\tvalue\\tunit ! t\\t2024-05-01T12:00:00Z\\t20.5\\t°C",
        "Sensor,AT,Value,unit ! t,2024-05-01T12:00:00Z,\"20,5\",°C",
        "#sensor,at,value,unit ! t,2024-05-01 12:00:00,20.5,°C",
        "# logger 7\\nsite A, floor 1\\nsensor,at,value,unit ! t,1714564800,20.5,°C",
        "sep=;\\nsensor;at;value;unit ! t;2024-05-01T12:00:00Z;20,5;°C",
        "unit,x,value,at,sensor ! °C,,20.5,2024-05-01T12:00:00Z,t",
        "sensor, at, value, unit, ! t , 2024-05-01T12:00:00Z , 20.5 , °C ,,",
        "\"sensor\",\"at\",\"value\",\"unit\" ! \"t\",\"2024-05-01T12:00:00Z\",\"20.5\",\"°C\""
      })
  void commonDialectsAreFound(String header, String row) throws Exception {
    var text = (header + "\n" + row + "\n\n;;;;\n").replace("\\n", "\n").replace("\\t", "\t");
    text = text.replace(";;;;\n", "");
    assertThat(csv(text, "")).containsExactly(new Entry.Good(READING));
    assertThat(csv(text.replace('\n', '\r'), "")).containsExactly(new Entry.Good(READING));
  }

  @Test
  void theSeparatorCanBeTold() throws Exception {
    var text = "at;value,at;celsius\n2024-05-01T12:00Z;1,2024-05-01T12:00Z;2\n";
    assertThat(csv(text, "at=at&value=celsius&separator=semicolon&sensor=value,at&decimal=comma"))
        .hasSize(1);
    assertThatThrownBy(() -> csv(text, "separator=dot"))
        .hasMessageContaining("separator=dot is none of comma, semicolon, tab, pipe");
  }

  @Test
  void valuesMayHoldLinesAndSeparators() throws Exception {
    var text = HEADER + "\n\"line\none, \"\"two\"\"\",2024-05-01T12:00:00Z,20.5,°C\n" + ROW + "\n";
    assertThat(csv(text, ""))
        .containsExactly(
            new Entry.Good(reading("line\none, \"two\"", 20.5, "°C")), new Entry.Good(READING));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      delimiter = '!',
      value = {
        "t,2024-05-01T12:00:02Z,,C ! 'value' is missing",
        "t,2024-05-01T12:00:02Z ! 'value' is missing",
        ",2024-05-01T12:00:02Z,1,C ! 'sensor' is missing",
        "t,2024-05-01T12:00:02Z,20,5,C ! there are 5 values for the 4 columns of the header",
        "t,2024-05-01T12:00:02Z,72F,F ! 'value' is not a number: '72F'",
        "t,5,72,F ! 'at' is neither a time",
        "\"t,2024-05-01T12:00:02Z,1,C ! a quote is opened and not closed",
        "\"t\"x,2024-05-01T12:00:02Z,1,C ! a quote stands in the wrong place",
        "\0\0\0\0 ! 'at' is missing"
      })
  void aLineThatIsNoReadingIsOneBadRecord(String line, String reason) throws Exception {
    var entries = csv(HEADER + "\n" + ROW + "\n" + line + "\n" + ROW + "\n", "");
    assertThat(entries).hasSize(3);
    assertThat(entries.get(0)).isEqualTo(new Entry.Good(READING));
    assertThat(entries.get(2)).isEqualTo(new Entry.Good(READING));
    assertThat(bad(entries).get(0)).startsWith("line 3: " + reason);
  }

  @Test
  void aLineThatIsTooLongIsOneBadRecord() throws Exception {
    var text = HEADER + "\n" + "x".repeat(3 * Lines.MAX_CHARS) + "\n" + ROW + "\n";
    var entries = csv(text, "");
    assertThat(bad(entries)).containsExactly("line 2: " + Lines.TOO_LONG);
    assertThat(entries.get(1)).isEqualTo(new Entry.Good(READING));
    assertThat(bad(json("x".repeat(2 * Lines.MAX_CHARS) + "\n", "")))
        .containsExactly("line 1: " + Lines.TOO_LONG);
  }

  @Test
  void aQuoteThatIsNotClosedCostsItsLineOnly() throws Exception {
    var rows = IntStream.range(0, 250).mapToObj(i -> ROW).collect(Collectors.joining("\n"));
    var entries = csv(HEADER + "\n\"t,2024\n" + rows, "");
    assertThat(bad(entries)).containsExactly("line 2: a quote is opened and not closed");
    assertThat(entries).hasSize(251);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "time;celsius ! line 1: the header has no column [at, value]; it has time, celsius;"
            + " expected",
        "root:x:0:0 ! line 1: the header has no column [at, value]; expected",
        "hunter2,17 ! line 1: the header has no column [at, value]; expected",
        "at,value,value ! the header has several columns 'value'",
      })
  void aHeaderThatDoesNotFitIsToldUnlessItIsNone(String header, String message) {
    assertThatThrownBy(() -> csv(header + "\n1,2,3\n", ""))
        .isInstanceOf(Records.NoReadings.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("root")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void aColumnThatWasNamedMustBeThere() throws Exception {
    assertThatThrownBy(() -> csv(HEADER + "\n" + ROW, "sensor=station"))
        .isInstanceOf(Records.NoReadings.class)
        .hasMessageContaining("no column [station]; it has sensor, at, value, unit");
    assertThatThrownBy(() -> csv(HEADER + "\n" + ROW, "unit=metric"))
        .hasMessageContaining("no column [metric]");
    var json = "{\"at\":\"2024-05-01\",\"value\":1}";
    assertThat(bad(json(json, "sensor=station")))
        .containsExactly("line 1: 'station' is missing; there is at, value");
    assertThatThrownBy(() -> csv(HEADER, "value=")).hasMessageContaining("value= names no column");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      delimiter = '!',
      value = {
        "{\"at\":1714564800,\"value\":{\"t\":1}} ! 'value' is missing: there is an object; name"
            + " what is in it, as in value.field",
        "{\"at\":1714564800,\"value\":null} ! 'value' is missing",
        "{\"at\":1714564800,\"Value\":2} ! 'value' is missing; there is at, Value",
        "{\"at\":1714564800,\"value\":1,\"value\":2} ! this is no JSON that can be read",
        "{\"at\":1714564800,\"value\":NaN} ! this is no JSON that can be read",
        "{\"at\":12,\"value\":1} ! 'at' is neither a time",
        "{\"at\":1714564800,\"value\":\"0x1p4\"} ! 'value' is not a number: '0x1p4'",
        "{\"sensor\":\"\",\"at\":1714564800,\"value\":1} ! 'sensor' is missing",
        "{\"at\":1714564800,\"val ! this is no JSON that can be read",
        "{\"at\":1714564800,\"value\": ! ",
        "{\"at\":{ ! ",
        "secret nonsense ! this is no JSON that can be read",
        "[1,2] ! this is not an object but an array",
        "null ! this is not an object but null",
        "17 ! this is not an object but a number"
      })
  void aLineThatIsNoObjectWithAReadingIsOneBadRecord(String line, String reason) throws Exception {
    var good = "{\"sensor\":\"t\",\"at\":1714564800,\"value\":20.5,\"unit\":\"°C\"}\n";
    var entries = json(good + line + "\n" + good + "\n" + good, "");
    assertThat(entries).hasSize(4);
    assertThat(bad(entries).get(0))
        .startsWith("line 2: " + (reason == null ? "" : reason))
        .doesNotContain("secret");
    assertThat(entries.subList(2, 4)).containsOnly(new Entry.Good(READING));
  }

  @Test
  void depthIsBounded() throws Exception {
    var deep = "{\"at\":1714564800,\"value\":1,\"x\":" + "[".repeat(5000) + "]".repeat(5000) + "}";
    var entries = json(deep + "\n{\"at\":1714564800,\"value\":2}\n", "");
    assertThat(bad(entries)).hasSize(1);
    assertThat(entries).hasSize(2);
  }

  @Test
  void theEndMayBeCutOff() throws Exception {
    var entries = json("{\"at\":1714564800,\"value\":1}\n{\"at\":1714564800,", "");
    assertThat(bad(entries)).containsExactly("line 2: the JSON is cut off");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      delimiter = '!',
      value = {
        "value=SI7021.Temperature&at=Time !"
            + " {\"Time\":\"2024-05-01T12:00:00\",\"SI7021\":{\"Temperature\":20.5}}",
        "value=values.1&at=t ! {\"t\":1714564800,\"values\":[1,20.5]}",
        "value=1&at=0 ! [1714564800,20.5]",
        "value=a.b&at=t ! {\"t\":1714564800.0,\"a.b\":20.5}",
        "value=a.b.c&at=t ! {\"t\":1714564800000000,\"a.b\":{\"c\":\"20,5\"}}",
        "value=v.t&at=t ! [{\"t\":1714564800,\"v\":{\"t\":20.5}}]"
      })
  void fieldsOfFieldsAndItemsOfArraysHaveNames(String names, String json) throws Exception {
    assertThat(json(json, names)).containsExactly(new Entry.Good(reading("x", 20.5, "")));
  }

  @Test
  void anObjectMayTakeSeveralLinesAndALineSeveralObjects() throws Exception {
    var one = "{\n \"at\": 1714564800,\n \"value\": 20.5\n}\n";
    var two = "[{\"at\":1714564800,\"value\":20.5},{\"at\":1714564800,\"value\":20.5}]";
    assertThat(json(one + two + "\n\n" + one.replace("\n", "") + one.replace("\n", ""), ""))
        .hasSize(5)
        .containsOnly(new Entry.Good(reading("x", 20.5, "")));
  }

  @Test
  void nothingIsReadBeforeItIsAskedFor() {
    var never =
        new InputStream() {
          @Override
          public int read() {
            throw new AssertionError("it would wait, and nobody could close it");
          }
        };
    assertThat(dialect("csv", "").records(never, Optional.empty())).isNotNull();
    assertThat(dialect("ndjson", "").records(never, Optional.empty())).isNotNull();
  }

  private static List<Entry> csv(String text, String query) throws Exception {
    return csv(text.getBytes(StandardCharsets.UTF_8), query);
  }

  private static List<Entry> csv(byte[] bytes, String query) throws Exception {
    return all(dialect("csv", query), bytes);
  }

  private static List<Entry> json(String text, String query) throws Exception {
    return json(text.getBytes(StandardCharsets.UTF_8), query);
  }

  private static List<Entry> json(byte[] bytes, String query) throws Exception {
    return all(dialect("ndjson", query), bytes);
  }

  private static Dialect dialect(String ending, String parameters) {
    var uri = URI.create("file:/data/x." + ending + "?" + parameters);
    return Dialect.of(uri, uri.getPath(), Query.of(uri, Dialect.PARAMETERS), OnBad.FAIL);
  }

  private static List<Entry> all(Dialect dialect, byte[] bytes) throws Exception {
    var entries = new ArrayList<Entry>();
    try (var records = dialect.records(new ByteArrayInputStream(bytes), Optional.empty())) {
      for (var next = records.next(); next.isPresent(); next = records.next())
        entries.add(next.get());
    }
    return entries;
  }

  private static List<String> bad(List<Entry> entries) {
    return entries.stream()
        .filter(Entry.Bad.class::isInstance)
        .map(entry -> ((Entry.Bad) entry).reason())
        .toList();
  }

  private static Reading reading(String sensor, double value, String unit) {
    return Reading.newBuilder()
        .setSensor(sensor)
        .setAtMs(1714564800000L)
        .setValue(value)
        .setUnit(unit)
        .build();
  }
}
