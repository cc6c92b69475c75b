package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Acknowledgement;
import io.dayu.pipeline.StreamName;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class MemberUplinkStreamTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private ActorTestKit kit;
  private TestProbe<UplinkActor.Command> uplink;
  private final MemberUplink origins = new MemberUplink();

  @BeforeEach
  void start() {
    kit = MemberKit.start();
    uplink = kit.createTestProbe();
    var actor =
        kit.spawn(
            Behaviors.<UplinkActor.Command>receiveMessage(
                message -> {
                  uplink.getRef().tell(message);
                  return Behaviors.same();
                }),
            UplinkActor.NAME);
    origins.attach(
        new MemberUplink.Member(
            kit.system(), actor, kit.system().ignoreRef(), kit.system().ignoreRef()));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void anAcknowledgementReachesTheUplinkOfTheNodeAndOneForAStrangerNobody() {
    var mine =
        new Acknowledgement(StreamName.parse("crossing/cam-0"), new long[] {1, 3}, new long[] {2});
    origins.acknowledge(
        "edge-9",
        new Acknowledgement(StreamName.parse("crossing/cam-9"), new long[] {7}, new long[0]));
    origins.acknowledge("cloud-1", mine);
    assertThat(uplink.receiveMessage(SOON)).isEqualTo(new UplinkActor.Acknowledged(mine));
  }

  @Test
  void withoutAMemberSystemNobodyIsToldAndNothingBreaks() {
    var mine = new Acknowledgement(StreamName.parse("crossing/cam-0"), new long[] {1}, new long[0]);
    new MemberUplink().acknowledge("cloud-1", mine);
    origins.acknowledge("cloud-1", mine);
    assertThat(uplink.receiveMessage(SOON)).isEqualTo(new UplinkActor.Acknowledged(mine));
    uplink.expectNoMessage(Duration.ZERO);
  }
}
