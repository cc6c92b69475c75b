package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.settings.Budget;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ConnectionsTest {
  private static final long START = Duration.ofHours(1).toNanos();

  private final Connections connections = new Connections(4, new Budget("connections", 1), START);
  private final InetAddress here = address(1);
  private final InetAddress there = address(2);

  @Test
  void oneAddressGetsNoMoreThanHalf() {
    assertThat(connections.accept(here)).isTrue();
    assertThat(connections.accept(here)).isTrue();
    assertThat(connections.accept(here)).isFalse();
    assertThat(connections.accept(there)).isTrue();
    connections.ended(here);
    assertThat(connections.accept(here)).isTrue();
  }

  @Test
  void noMoreThanAllAreOpen() {
    connections.accept(here);
    connections.accept(here);
    connections.accept(there);
    connections.accept(there);
    assertThat(connections.accept(address(3))).isFalse();
    connections.ended(there);
    assertThat(connections.accept(address(3))).isTrue();
  }

  @Test
  void refusalsAreToldAtOnceAndThenSeldom() {
    assertThat(connections.news(START)).isEmpty();
    for (int i = 0; i < 4; i++) connections.accept(here);
    assertThat(connections.news(START)).hasValueSatisfying(n -> assertThat(n).startsWith("2 conn"));
    connections.accept(here);
    assertThat(connections.news(START + Duration.ofSeconds(29).toNanos())).isEmpty();
    assertThat(connections.news(START + Duration.ofSeconds(30).toNanos()))
        .hasValueSatisfying(n -> assertThat(n).startsWith("1 conn"));
  }

  @Test
  void aSmallHeapHoldsFewer() {
    var few =
        Connections.of(
            FlowKit.links("max-links = 4096"), new Budget("connections", 256 << 10), START);
    for (int i = 1; i <= 4; i++) assertThat(few.accept(address(i))).isTrue();
    assertThat(few.accept(address(5))).isFalse();
  }

  private static InetAddress address(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
