package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ComplaintsTest {
  private final Complaints complaints = new Complaints(0);

  @Test
  void oneAddressIsHeardAFewTimesAMinuteAndOthersStillAre() {
    int told = 0;
    for (int i = 0; i < 1000; i++) if (complaints.allows(address(1), i)) told++;
    assertThat(told).isEqualTo(5);
    assertThat(complaints.allows(address(2), 1000)).isTrue();
    assertThat(complaints.allows(address(1), Duration.ofMinutes(1).toNanos())).isTrue();
  }

  @Test
  void manyAddressesTogetherAreBoundedToo() {
    int told = 0;
    for (int i = 0; i < 1000; i++) if (complaints.allows(address(i), i)) told++;
    assertThat(told).isEqualTo(100);
  }

  private static InetAddress address(int n) {
    try {
      return InetAddress.getByAddress(new byte[] {10, 0, (byte) (n >> 8), (byte) n});
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
