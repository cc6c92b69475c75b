package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LaunchTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, '',        false",
    "localhost, '',        false",
    "::1,       '',        false",
    "127.0.0.1, 0.0.0.0,   true",
    "10.0.0.1,  127.0.0.1, false",
    "10.0.0.1,  '',        true",
  })
  void portsThatOthersCanReachAreTold(String host, String bindHost, boolean told) {
    var self = new NodeSettings.Self("edge-1", host, bindHost, 0, Path.of("."));
    assertThat(Launch.openPorts(self).isPresent()).isEqualTo(told);
  }
}
