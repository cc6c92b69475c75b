package io.dayu.link;

import com.google.protobuf.ByteString;
import com.typesafe.config.ConfigFactory;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.settings.MemorySettings;
import io.dayu.settings.NodeMemory;
import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/** What tests of the flow system share: a system as nodes run it, settings and elements. */
public final class FlowKit {
  private FlowKit() {}

  /** A system configured like {@code flow} on a node. */
  public static ActorTestKit start() {
    return ActorTestKit.create(
        "flow",
        ConfigFactory.parseResources("dayu-flow.conf")
            .withFallback(ConfigFactory.load())
            .resolve());
  }

  /** Names as this machine knows them. */
  public static Resolver names() {
    return Resolver.system(Runnable::run);
  }

  /** The settings of {@code reference.conf}, some of them changed. */
  public static LinkSettings links(String changes) {
    return LinkSettings.from(
        ConfigFactory.parseString(changes)
            .withFallback(ConfigFactory.load().getConfig("dayu.link")));
  }

  /** Memory as a node with a heap of {@code megabytes} divides it. */
  public static NodeMemory memory(int megabytes) {
    return NodeMemory.of(
        MemorySettings.from(ConfigFactory.load().getConfig("dayu.memory")), (long) megabytes << 20);
  }

  /** An element with a payload of {@code bytes} that depends on {@code seq}. */
  public static Element element(long seq, int bytes) {
    var payload = new byte[bytes];
    new Random(seq).nextBytes(payload);
    return Element.newBuilder()
        .setStream("crossing/cam-0")
        .setSeq(seq)
        .setAttempt(1)
        .setOrigin("edge-1")
        .setPayload(Media.newBuilder().setOpaque(ByteString.copyFrom(payload)))
        .build();
  }

  public static Parcel parcel(long seq, int bytes) {
    return new Parcel(element(seq, bytes), System.nanoTime(), 0);
  }
}
