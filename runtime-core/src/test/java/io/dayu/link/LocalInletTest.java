package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

/** The way between two actors of one node: by reference. */
final class LocalInletTest extends LinkContract {
  @Override
  protected ActorRef<Inlet.Command> inlet(LinkSettings settings) {
    return consumer.ref();
  }

  @Test
  void aProducerThatIsClosedIsDetached() {
    var producer = new TestProducer(kit, settings, inlet(settings));
    producer.send(FlowKit.parcel(0, 10));
    consumer.takeNext();
    assertThat(consumer.attached()).isEqualTo(1);
    producer.close();
    await().atMost(SOON).until(() -> consumer.attached() == 0);
  }
}
