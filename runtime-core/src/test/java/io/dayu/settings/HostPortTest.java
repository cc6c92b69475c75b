package io.dayu.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HostPortTest {
  @ParameterizedTest
  @CsvSource({
    "Cloud-1.Example:25520, cloud-1.example, cloud-1.example:25520",
    "10.0.0.1:1, 10.0.0.1, 10.0.0.1:1",
    "[::1]:25520, ::1, [::1]:25520",
    "[0:0:0:0:0:0:0:1]:25520, ::1, [::1]:25520",
    "[2001:DB8::A:0:0:1]:7, 2001:db8::a:0:0:1, [2001:db8::a:0:0:1]:7",
    "[2001:db8:0:1:0:0:0:10]:7, 2001:db8:0:1::10, [2001:db8:0:1::10]:7",
    "[10:0:0:0:100:0:0:0]:7, 10::100:0:0:0, [10::100:0:0:0]:7",
    "[fd00::]:7, fd00::, [fd00::]:7",
    "[::]:0, ::, [::]:0",
    "[::ffff:10.0.0.1]:7, 10.0.0.1, 10.0.0.1:7"
  })
  void oneHostHasOneSpelling(String text, String host, String spelling) {
    var parsed = HostPort.parse(text);
    assertThat(parsed.host()).isEqualTo(host);
    assertThat(parsed).hasToString(spelling);
    assertThat(HostPort.parse(spelling)).isEqualTo(parsed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cloud-1",
        "::1:25520",
        "2001:db8::1:25520",
        "[::1]",
        "[::1]25520",
        "a:b:1",
        "a:65536",
        "a:-1",
        "a:1x",
        ":1",
        "a b:1",
        "http://a:1",
        "user@a:1",
        "[a]:1",
        "[::1::]:1",
        "[1:2]:1",
        "[fe80::1%eth0]:1",
        "[:1",
        ""
      })
  void whatIsNoHostAndPortIsRefused(String text) {
    assertThatThrownBy(() -> HostPort.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({"::1, ::1", "[::1], ::1", "::, ::", "Host.Example, host.example"})
  void aHostAloneMayHaveBracketsOrNot(String text, String host) {
    assertThat(HostPort.host(text)).isEqualTo(host);
  }
}
