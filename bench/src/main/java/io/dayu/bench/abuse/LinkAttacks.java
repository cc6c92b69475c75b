package io.dayu.bench.abuse;

import com.google.protobuf.MessageLite;
import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Text;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What strangers send to the ports where nodes take elements. Frames are made here by hand: a
 * stranger does not use our classes, and they send nothing that is wrong.
 */
final class LinkAttacks {
  /** Stands in whatever is made up here. */
  static final String FORGED = "forged";

  private static final int HELLO = 1;
  private static final int CREDIT = 2;
  private static final int PING = 3;
  private static final int DATA = 5;
  private static final int PART = 6;
  private static final int TYPES = 10; // some that there are not

  private static final int VERSION = 1;
  private static final int HELD = 150;
  private static final int IDLE = 500;
  private static final int FUTURE = 20;
  private static final int LARGEST_PART = 4 << 20;

  private LinkAttacks() {}

  static List<Attack> all() {
    return List.of(
        new Attack("held-frames", "headers of large frames, then silence", LinkAttacks::held),
        new Attack("idle-links", "connections that say nothing", LinkAttacks::idle),
        new Attack("link-garbage", "random bytes and broken frames", LinkAttacks::garbage),
        new Attack("forged-results", "results that no node has made", LinkAttacks::forged));
  }

  private static void held(Attempt attempt) throws IOException, InterruptedException {
    for (var node : attempt.victims().names()) {
      var open = new ArrayList<Socket>();
      try {
        for (int i = 0; i < HELD; i++) {
          var hello = frame(HELLO, hello("@distributor", Keys.STOLEN));
          var header = ByteBuffer.allocate(5).putInt(LARGEST_PART).put((byte) PART).array();
          hold(attempt, open, attempt.victims().data(node), attempt.guise(), concat(hello, header));
        }
        attempt.hold();
      } finally {
        for (var socket : open) socket.close();
      }
    }
  }

  private static void idle(Attempt attempt) throws IOException, InterruptedException {
    var open = new ArrayList<Socket>();
    try {
      for (int i = 0; i < IDLE; i++)
        hold(attempt, open, attempt.victims().data(any(attempt)), Guise.NOBODY, new byte[0]);
      attempt.hold();
    } finally {
      for (var socket : open) socket.close();
    }
  }

  private static void hold(
      Attempt attempt, List<Socket> open, InetSocketAddress to, Guise guise, byte[] bytes) {
    try {
      var socket = attempt.connect(to, guise);
      open.add(socket);
      attempt.send(socket.getOutputStream(), bytes);
    } catch (IOException refused) {
      attempt.sent(); // it was tried, and the next one may get in
    }
  }

  private static void garbage(Attempt attempt) {
    var random = attempt.random();
    while (attempt.goesOn()) {
      var bytes =
          switch (random.nextInt(4)) {
            case 0 -> attempt.bytes(1 + random.nextInt(4096));
            case 1 ->
                concat(
                    frame(HELLO, hello("@distributor", Victims.FILE_EDGE)),
                    header(random.nextInt(1 << 16), random.nextInt(TYPES)),
                    attempt.bytes(random.nextInt(2048)));
            case 2 -> mutated(random, conversation());
            default ->
                concat(
                    frame(HELLO, hello("x".repeat(random.nextInt(70_000)), "edge-1")),
                    attempt.bytes(64));
          };
      say(attempt, attempt.victims().data(any(attempt)), bytes);
    }
  }

  /** A hello and one of each frame that a producer may send. */
  private static byte[] conversation() {
    return concat(
        frame(HELLO, hello("@distributor", Victims.FILE_EDGE)),
        frame(PING, Ping.newBuilder().setStamp(1).build()),
        frame(CREDIT, Credit.newBuilder().setElements(1 << 30).setBytes(1L << 60).build()),
        data(element("files/counted", 1)));
  }

  private static byte[] mutated(RandomGenerator random, byte[] bytes) {
    for (int i = 0; i <= random.nextInt(8); i++)
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    return bytes;
  }

  /** Results of pipelines that there are not, and of numbers that no source has reached. */
  private static void forged(Attempt attempt) {
    for (var guise : Guise.values())
      for (var node : List.of(Keys.STOLEN, Victims.FILE_EDGE, Victims.CLOUD))
        for (var instance : List.of("@distributor", "@outbox", "files@1/a"))
          forge(attempt, guise, hello(instance, node));
  }

  private static void forge(Attempt attempt, Guise guise, Hello hello) {
    var random = attempt.random();
    try (var socket = attempt.connect(attempt.victims().data(Victims.CLOUD), guise)) {
      var out = socket.getOutputStream();
      attempt.send(out, frame(HELLO, hello));
      attempt.heard(socket.getInputStream()); // credit: before it nothing is taken
      for (int i = 0; i < FUTURE; i++) {
        attempt.send(out, data(element(Victims.HOSTILE + "nothing/counted", i)));
        attempt.send(out, data(element("files/counted", 10_000_000L + i)));
        attempt.send(out, data(failed(element("files/counted", 400 + random.nextInt(2_000)))));
      }
      attempt.send(out, data(traced(element("files/counted", 20_000_000))));
      attempt.send(out, data(element("files/" + "s".repeat(10_000), 1)));
      attempt.heard(socket.getInputStream());
    } catch (IOException closed) {
      attempt.sent();
    }
  }

  private static void say(Attempt attempt, InetSocketAddress to, byte[] bytes) {
    try {
      attempt.exchange(to, attempt.guise(), bytes);
    } catch (IOException closed) {
      attempt.sent();
    }
  }

  private static String any(Attempt attempt) {
    var names = attempt.victims().names();
    return names.get(attempt.random().nextInt(names.size()));
  }

  private static Element element(String stream, long seq) {
    return Element.newBuilder()
        .setStream(stream)
        .setSeq(seq)
        .setAttempt(1)
        .setOrigin(Victims.FILE_EDGE)
        .setCreatedAtMs(System.currentTimeMillis())
        .addOutputs(
            Outputs.of("a", Media.newBuilder().setText(Text.newBuilder().addLine(FORGED)).build()))
        .build();
  }

  private static Element failed(Element element) {
    return element.toBuilder()
        .setEnding(Ending.newBuilder().setKind(Ending.Kind.FAILED).setStage("a").setReason(FORGED))
        .build();
  }

  private static Element traced(Element element) {
    var builder = element.toBuilder();
    for (int i = 0; i < 5_000; i++)
      builder.addTrace(Hop.newBuilder().setStage("a").setWorkUs(-1).setTries(Integer.MAX_VALUE));
    return builder.build();
  }

  private static Hello hello(String instance, String node) {
    return Hello.newBuilder().setVersion(VERSION).setInstance(instance).setNode(node).build();
  }

  private static byte[] frame(int type, MessageLite message) {
    // The body of a control frame begins with an unused byte.
    return concat(
        header(1 + message.getSerializedSize(), type), new byte[1], message.toByteArray());
  }

  /** A data frame: age and transfer time, then the element. */
  private static byte[] data(Element element) {
    return concat(
        header(12 + element.getSerializedSize(), DATA), new byte[12], element.toByteArray());
  }

  private static byte[] header(int length, int type) {
    return ByteBuffer.allocate(5).putInt(length).put((byte) type).array();
  }

  private static byte[] concat(byte[]... parts) {
    int length = 0;
    for (var part : parts) length += part.length;
    var all = ByteBuffer.allocate(length);
    for (var part : parts) all.put(part);
    return all.array();
  }
}
