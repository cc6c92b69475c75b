package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.ClusterEvent.MemberDowned;
import org.apache.pekko.cluster.ClusterEvent.MemberJoined;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.ClusterEvent.MemberUp;
import org.apache.pekko.cluster.ClusterEvent.MemberWeaklyUp;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.util.Version;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

final class OwnNameTest {
  private static final UniqueAddress SELF = address(1, 11);
  private static final UniqueAddress OTHER = address(2, 22);

  private final OwnName name = new OwnName(SELF, "edge-1");

  @Test
  void aNameWithoutAnotherMemberIsNotContested() {
    assertThat(name.contested()).isFalse();
    name.hear(new MemberJoined(member(SELF, "edge-1", MemberStatus.joining())));
    name.hear(new MemberUp(member(OTHER, "edge-2", MemberStatus.up())));
    assertThat(name.contested()).isFalse();
    assertThat(name.refusedFor()).isEmpty();
  }

  @Test
  void aNameIsContestedUntilTheOtherMemberIsOnItsWayOut() {
    name.hear(new MemberJoined(member(SELF, "edge-1", MemberStatus.joining())));
    name.hear(new MemberUp(member(OTHER, "edge-1", MemberStatus.up())));
    assertThat(name.contested()).isTrue();
    name.hear(new MemberWeaklyUp(member(SELF, "edge-1", MemberStatus.weaklyUp())));
    assertThat(name.contested()).isTrue();
    name.hear(new MemberDowned(member(OTHER, "edge-1", MemberStatus.down())));
    assertThat(name.contested()).isFalse();
    assertThat(name.refusedFor()).isEmpty();
  }

  @Test
  void whoIsRemovedWhileTheNameIsContestedIsRefused() {
    name.hear(new MemberUp(member(OTHER, "edge-1", MemberStatus.up())));
    name.hear(new MemberJoined(member(SELF, "edge-1", MemberStatus.joining())));
    var downed = new MemberDowned(member(SELF, "edge-1", MemberStatus.down()));
    assertThat(name.hear(downed)).isTrue();
    assertThat(name.refusedFor()).hasValue("10.0.0.2:1");
    assertThat(name.hear(downed)).as("it is told once").isFalse();
    assertThat(name.hear(new MemberUp(member(OTHER, "edge-1", MemberStatus.up())))).isFalse();
  }

  @Test
  void aMemberThatHadTheNameForItselfIsNeverContestedByALaterOne() {
    name.hear(new MemberWeaklyUp(member(SELF, "edge-1", MemberStatus.weaklyUp())));
    name.hear(new MemberJoined(member(OTHER, "edge-1", MemberStatus.joining())));
    assertThat(name.contested()).isFalse();
    name.hear(new MemberDowned(member(SELF, "edge-1", MemberStatus.down())));
    assertThat(name.refusedFor()).as("removed by a command").isEmpty();
  }

  @Test
  void anEarlierLifeAtTheSameAddressIsNoOther() {
    var before = address(1, 10);
    name.hear(
        new MemberRemoved(member(before, "edge-1", MemberStatus.removed()), MemberStatus.down()));
    name.hear(new MemberUp(member(before, "edge-1", MemberStatus.up())));
    assertThat(name.contested()).isFalse();
  }

  private static UniqueAddress address(int host, long uid) {
    return new UniqueAddress(new Address("pekko", "dayu", "10.0.0." + host, 1), uid);
  }

  private static Member member(UniqueAddress address, String node, MemberStatus status) {
    return new Member(
        address,
        1,
        status,
        CollectionConverters.asScala(Set.of("edge", NodeNames.role(node), "dc-edge-1")).toSet(),
        Version.Zero());
  }
}
