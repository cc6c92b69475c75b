package io.dayu.bench.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Peer receiver = new Peer();
  private final Peer sender = new Peer();

  @AfterEach
  void stop() {
    sender.close();
    receiver.close();
  }

  @ParameterizedTest
  @EnumSource
  void elementsFlowUntilTheTurnEndsAndInTheNextOne(Mechanism mechanism) {
    for (int payload : new int[] {1024, 65536, 1024}) {
      var port = receiver.perform("receive " + mechanism + " " + payload);
      sender.perform("send %s %d %s".formatted(mechanism, payload, port));
      // More than any window: whoever grants credit has granted again.
      await().atMost(SOON).until(() -> arrived()[0] > 5000);
      assertThat(sender.perform("close")).isEqualTo("ok");
      assertThat(receiver.perform("close")).isEqualTo("ok");
      await().atMost(SOON).during(Duration.ofMillis(200)).until(this::still);
      assertThat(arrived()[1]).isEqualTo(arrived()[0] * payload);
    }
  }

  @Test
  void elementsCarryAboutNinetyBytesOfMetadata() {
    var element = new Elements(1024).next();
    assertThat(element.getSerializedSize() - 1024).isBetween(80, 110);
    assertThat(element.getStream().getBytes(UTF_8).length).isPositive();
  }

  @Test
  void elementsAreNumberedWithoutGaps() {
    var elements = new Elements(1);
    for (int seq = 0; seq < 3; seq++) assertThat(elements.next().getSeq()).isEqualTo(seq);
  }

  private boolean still() {
    long before = arrived()[0];
    return arrived()[0] == before;
  }

  private long[] arrived() {
    return java.util.Arrays.stream(receiver.perform("arrived").split(" "))
        .mapToLong(Long::parseLong)
        .toArray();
  }
}
