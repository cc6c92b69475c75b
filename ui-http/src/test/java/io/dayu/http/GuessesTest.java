package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class GuessesTest {
  private final Guesses guesses = new Guesses(0);

  @Test
  void anAddressIsToldToWaitAfterTenWrongTokensAndOthersAreNot() {
    for (int i = 0; i < 10; i++) assertThat(guesses.wrong(address(1), i)).isZero();
    assertThat(guesses.wrong(address(1), Duration.ofSeconds(20).toNanos())).isEqualTo(40);
    assertThat(guesses.wrong(address(2), Duration.ofSeconds(20).toNanos())).isZero();
    assertThat(guesses.wrong(address(1), Duration.ofSeconds(60).toNanos())).isZero();
  }

  @Test
  void manyAddressesAreNotAllRemembered() {
    for (int i = 0; i < 1000; i++) assertThat(guesses.wrong(address(i), 0)).isZero();
    assertThat(guesses.wrong(address(1000), 0)).isPositive();
  }

  private static InetAddress address(int n) {
    try {
      return InetAddress.getByAddress(new byte[] {10, 0, (byte) (n >> 8), (byte) n});
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
