package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

final class FrameDecoderTest {
  private static final int MAX = 5_000;
  private static final Duration PATIENCE = Duration.ofMillis(200);
  private static ActorTestKit kit;

  @BeforeContainer
  static void start() {
    kit = FlowKit.start();
  }

  @AfterContainer
  static void stop() {
    kit.shutdownTestKit();
  }

  @Property(tries = 150)
  void framesDoNotDependOnHowTheirBytesAreCut(
      @ForAll("frames") List<Frame> frames,
      @ForAll @Size(max = 30) List<@IntRange(min = 1, max = 700) Integer> cuts)
      throws Exception {
    var decoded = decode(cut(bytes(frames), cuts));
    assertThat(decoded.stream().map(Frame::type))
        .isEqualTo(frames.stream().map(Frame::type).toList());
    for (int i = 0; i < frames.size(); i++)
      assertThat(decoded.get(i).body()).isEqualTo(frames.get(i).body());
  }

  @Property(tries = 50)
  void aLengthThatCannotBeFailsTheStream(
      @ForAll("badLengths") int length, @ForAll("frames") List<Frame> before) {
    var head = ByteBuffer.allocate(Frame.HEADER).putInt(length).put((byte) 1).array();
    assertThatThrownBy(() -> decode(List.of(bytes(before).concat(ByteString.fromArray(head)))))
        .cause()
        .isInstanceOf(LinkException.class)
        .hasMessageContaining("no Dayu node");
  }

  @Property(tries = 50)
  void anUnknownTypeFailsTheStream(@ForAll @IntRange(min = 8, max = 255) int code) {
    var head = ByteBuffer.allocate(Frame.HEADER).putInt(1).put((byte) code).array();
    assertThatThrownBy(() -> decode(List.of(ByteString.fromArray(head))))
        .cause()
        .isInstanceOf(LinkException.class)
        .hasMessageContaining("unknown frame type " + code);
  }

  @Example
  void aLengthAloneTakesNoMemory() throws Exception {
    var memory = new Memory();
    var head = ByteBuffer.allocate(Frame.HEADER).putInt(MAX).put((byte) 5).array();
    assertThat(decode(List.of(ByteString.fromArray(head)), new FrameDecoder(memory, PATIENCE)))
        .isEmpty();
    assertThat(memory.asked).isZero();
  }

  @Example
  void aFrameIsReadOnceThereIsMemoryForIt() throws Exception {
    var memory = new Memory();
    memory.refusals.set(5);
    var frames = List.of(new Frame(Frame.Type.PING, new byte[3]), data(40), data(50));
    var decoded = decode(cut(bytes(frames), List.of(8, 30)), memory, 3);
    assertThat(decoded).extracting(f -> f.body().length).containsExactly(3, 40, 50);
    assertThat(memory.asked).isEqualTo(8);
  }

  @Example
  void whoseFrameFindsNoMemoryIsToldSo() {
    var memory = new Memory();
    memory.refusals.set(Integer.MAX_VALUE);
    assertThatThrownBy(() -> decode(List.of(bytes(List.of(data(40)))), memory, 1))
        .cause()
        .isInstanceOf(LinkException.class)
        .hasMessageContaining("no memory for a frame of 40 bytes");
  }

  @Property(tries = 30)
  void aConnectionThatEndsWithinAFrameYieldsTheFramesBeforeIt(
      @ForAll("frames") List<Frame> frames, @ForAll @IntRange(min = 1, max = 5) int missing)
      throws Exception {
    var last = new Frame(Frame.Type.DATA, new byte[5]);
    var all = bytes(frames).concat(bytes(List.of(last)));
    assertThat(decode(List.of(all.take(all.size() - missing)))).hasSize(frames.size());
  }

  @Provide
  Arbitrary<List<Frame>> frames() {
    var body = Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(MAX);
    return Combinators.combine(Arbitraries.of(Frame.Type.values()), body)
        .as(Frame::new)
        .list()
        .ofMaxSize(8);
  }

  @Provide
  Arbitrary<Integer> badLengths() {
    return Arbitraries.integers().filter(n -> n < 1 || n > MAX);
  }

  private static ByteString bytes(List<Frame> frames) {
    var all = ByteString.emptyByteString();
    for (var frame : frames) {
      var head = ByteBuffer.allocate(Frame.HEADER);
      head.putInt(frame.body().length).put((byte) frame.type().code());
      all =
          all.concat(ByteString.fromArray(head.array())).concat(ByteString.fromArray(frame.body()));
    }
    return all;
  }

  private static List<ByteString> cut(ByteString bytes, List<Integer> cuts) {
    var chunks = new ArrayList<ByteString>();
    for (int cut : cuts) {
      chunks.add(bytes.take(cut));
      bytes = bytes.drop(cut);
    }
    chunks.add(bytes);
    return chunks;
  }

  private static Frame data(int bytes) {
    return new Frame(Frame.Type.DATA, new byte[bytes]);
  }

  /** Refuses some times. */
  private static final class Memory implements FrameReader.Memory {
    final AtomicInteger refusals = new AtomicInteger();
    volatile int asked;

    @Override
    public int largest(Frame.Type type) {
      return MAX;
    }

    @Override
    public boolean take(Frame.Type type, int length) {
      asked++;
      return refusals.getAndUpdate(n -> Math.max(0, n - 1)) == 0;
    }
  }

  private static List<Frame> decode(List<ByteString> chunks) throws Exception {
    return decode(chunks, new FrameDecoder(FrameReader.Memory.of(MAX)));
  }

  /** The first {@code count} frames of a connection that stays open. */
  private static List<Frame> decode(List<ByteString> chunks, Memory memory, int count)
      throws Exception {
    return Source.from(chunks)
        .concat(Source.maybe())
        .via(new FrameDecoder(memory, PATIENCE))
        .mapConcat(frames -> frames)
        .take(count)
        .runWith(Sink.seq(), kit.system())
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  private static List<Frame> decode(List<ByteString> chunks, FrameDecoder decoder)
      throws Exception {
    return Source.from(chunks)
        .via(decoder)
        .mapConcat(frames -> frames)
        .runWith(Sink.seq(), kit.system())
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }
}
