package io.dayu.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HostRuleTest {
  @ParameterizedTest
  @CsvSource({
    "cam.example,           cam.example,       true",
    "CAM.Example,           cam.example,       true",
    "cam.example,           cam.example.org,   false",
    "cam.example,           other.cam.example, false",
    "*.plant.example,       a.plant.example,   true",
    "*.plant.example,       plant.example,     false",
    "*.plant.example,       evilplant.example, false",
    "*,                     anything,          true",
    "10.1.2.3,              10.1.2.3,          true",
    "10.1.2.3,              10.1.2.4,          false",
    "10.0.0.0/8,            10.255.0.1,        true",
    "10.0.0.0/8,            11.0.0.1,          false",
    "10.0.0.0/8,            plant.example,     false",
    "fd00::/8,              fd12::1,           true",
    "[fd00::]/8,            fe80::1,           false",
    "::1,                   0:0:0:0:0:0:0:1,   true",
    "0.0.0.0/0,             ::1,               false",
  })
  void aRuleMeansANameOrAddressesButNotWhatOnlyLooksLikeThem(
      String rule, String host, boolean meant) {
    assertThat(HostRule.parse(rule).orElseThrow().names(host)).isEqualTo(meant);
  }

  @ParameterizedTest
  @CsvSource({
    "cam.example,        80,  true",
    "cam.example:80,     80,  true",
    "cam.example:80,     81,  false",
    "cam.example:80,     -1,  false",
    "10.0.0.0/8:1883,  1883,  true",
    "10.0.0.0/8:1883,  8883,  false",
    "[::1]:8080,       8080,  true",
    "[fd00::]/8:1883,  1884,  false",
  })
  void aPortMeansThatPortOnly(String rule, int port, boolean meant) {
    assertThat(HostRule.parse(rule).orElseThrow().fits(new Target.Host("any", port)))
        .isEqualTo(meant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "http://cam.example",
        "cam.example/8",
        "10.0.0.0/33",
        "fd00::/129",
        "10.0.0.0/x",
        "a b",
        "cam.example:99999",
        "*x",
        "a.*.b",
        "300.1.1.1",
        "[::1"
      })
  void whatIsNoRuleIsNotTakenForOne(String rule) {
    assertThat(HostRule.parse(rule)).isEmpty();
  }

  @Test
  void anIpv4AddressInIpv6FormCountsAsTheIpv4Address() throws UnknownHostException {
    var rule = HostRule.parse("127.0.0.0/8").orElseThrow();
    assertThat(rule.contains(InetAddress.getByName("::ffff:127.0.0.1"))).isTrue();
  }
}
