package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
  private static final Times ANY = new Times(Optional.empty(), ZoneOffset.UTC);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2024-05-01T12:00:00Z | 2024-05-01T12:00:00Z",
        "2024-05-01t12:00:00.250z | 2024-05-01T12:00:00.250Z",
        "2024-05-01T12:00:00.123456789Z | 2024-05-01T12:00:00.123Z",
        "2024-05-01T12:00 | 2024-05-01T12:00:00Z",
        "2024-05-01 12:00:00 | 2024-05-01T12:00:00Z",
        "2024-05-01 12:00:00,250 | 2024-05-01T12:00:00.250Z",
        "2024-05-01 12:00:00 UTC | 2024-05-01T12:00:00Z",
        "2024/05/01 12:00:00 | 2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00+02:00 | 2024-05-01T10:00:00Z",
        "2024-05-01T12:00:00+0200 | 2024-05-01T10:00:00Z",
        "2024-05-01 12:00:00 -07 | 2024-05-01T19:00:00Z",
        "2024-05-01 | 2024-05-01T00:00:00Z",
        "1850-01-01T00:00:00Z | 1850-01-01T00:00:00Z",
        "1714564800 | 2024-05-01T12:00:00Z",
        "1714564800.250 | 2024-05-01T12:00:00.250Z",
        "1714564800250 | 2024-05-01T12:00:00.250Z",
        "1714564800250.9 | 2024-05-01T12:00:00.250Z",
        "1714564800250999 | 2024-05-01T12:00:00.250Z",
        "1714564800250999999 | 2024-05-01T12:00:00.250Z",
        "631152000 | 1990-01-01T00:00:00Z",
        "2208988799 | 2039-12-31T23:59:59Z"
      })
  void commonTimesAreRead(String text, Instant time) {
    assertThat(Instant.ofEpochMilli(ANY.epochMs("at", text))).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "12345",
        "-1",
        "631151999",
        "2208988800",
        "2405011200",
        "20240501",
        "20240501120000",
        "99999999999999999999",
        "1.7145648E9",
        "1.71E+12",
        "05/01/2024 12:00:00",
        "01.05.2024 12:00",
        "2024-05/01",
        "2024-02-30",
        "2024-05-01T25:00:00Z",
        "2024-05-01T12:00:00 CEST",
        "2024-05-01T12:00:00+99:00",
        "12:00:00",
        "yesterday",
        "NaN"
      })
  void whatIsNoTimeOrAnImplausibleOneIsRefused(String text) {
    assertThatThrownBy(() -> ANY.epochMs("when", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'when' is neither a time")
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({"S, 5, 5000", "S, -5.5, -5500", "MS, 5, 5", "US, 5999, 5", "NS, -1, -1"})
  void theUnitMakesAnyNumberATime(Times.Unit unit, String text, long ms) {
    assertThat(new Times(Optional.of(unit), ZoneOffset.UTC).epochMs("at", text)).isEqualTo(ms);
  }

  @Test
  void aWrongUnitIsTold() {
    assertThatThrownBy(
            () ->
                new Times(Optional.of(Times.Unit.S), ZoneOffset.UTC).epochMs("at", "1714564800000"))
        .hasMessageContaining("timeUnit=s");
  }

  @ParameterizedTest
  @CsvSource({
    "2024-05-01 12:00:00, 2024-05-01T10:00:00Z",
    "2024-01-01 12:00:00, 2024-01-01T11:00:00Z",
    "2024-05-01 12:00:00Z, 2024-05-01T12:00:00Z",
    "2024-05-01 12:00:00-07:00, 2024-05-01T19:00:00Z",
    "2024-05-01, 2024-04-30T22:00:00Z",
    "1714564800, 2024-05-01T12:00:00Z",
    // The clocks go from 1:59 to 3:00.
    "2024-03-31 01:59:59, 2024-03-31T00:59:59Z",
    "2024-03-31 03:00:00, 2024-03-31T01:00:00Z",
    // They show 2:00 to 2:59 twice.
    "2024-10-27 01:59:59, 2024-10-26T23:59:59Z",
    "2024-10-27 02:30:00, 2024-10-27T00:30:00Z",
    "2024-10-27 02:30:00+01:00, 2024-10-27T01:30:00Z",
    "2024-10-27 03:00:00, 2024-10-27T02:00:00Z",
  })
  void aTimeWithoutAZoneIsOfTheOneThatIsNamed(String text, Instant time) {
    var berlin = new Times(Optional.empty(), ZoneId.of("Europe/Berlin"));
    assertThat(Instant.ofEpochMilli(berlin.epochMs("at", text))).isEqualTo(time);
  }

  @Test
  void aTimeThatTheClocksSkipIsRefused() {
    var berlin = new Times(Optional.empty(), ZoneId.of("Europe/Berlin"));
    assertThatThrownBy(() -> berlin.epochMs("at", "2024-03-31 02:30:00"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'at' is a time that the clocks of Europe/Berlin skip: '2024-03-31 02:30:00'");
    // The clocks of Beirut are put forward at midnight.
    var beirut = new Times(Optional.empty(), ZoneId.of("Asia/Beirut"));
    assertThat(Instant.ofEpochMilli(beirut.epochMs("at", "2024-03-31")))
        .isEqualTo("2024-03-30T22:00:00Z");
  }
}
