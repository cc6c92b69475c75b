package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.keys.TestKeys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TlsStageStreamTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir private Path directory;
  private ActorTestKit kit;

  @BeforeEach
  void start() {
    kit = FlowKit.start();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** Records of TLS have up to some 16,400 bytes, with a header of five. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 5, 6, 1_000, 16_405, 16_406, 70_000})
  void bytesAreTheSameHoweverTheNetworkCutsThem(int chunk) {
    var keys = new TestKeys(directory);
    var there = keys.edge("edge-2");
    var here = keys.edge("edge-1");
    var random = new Random(chunk);
    var sent = new ArrayList<ByteString>();
    for (int size : new int[] {1, 100, 16_384, 40_000, 3, 131_072}) {
      var bytes = new byte[size];
      random.nextBytes(bytes);
      sent.add(ByteString.fromArray(bytes));
    }
    var all = sent.stream().reduce(ByteString.emptyByteString(), ByteString::concat);
    var client = BidiFlow.fromGraph(new TlsStage(here::client, session -> {}, SOON));
    var server = BidiFlow.fromGraph(new TlsStage(there::server, session -> {}, SOON));
    var cut =
        BidiFlow.fromFlows(
            Flow.of(ByteString.class).mapConcat(bytes -> pieces(bytes, chunk)),
            Flow.of(ByteString.class).mapConcat(bytes -> pieces(bytes, chunk)));
    Flow<ByteString, ByteString, NotUsed> back =
        client.atop(cut).atop(server.reversed()).join(Flow.of(ByteString.class));
    var came =
        Source.from(sent)
            .concat(Source.maybe())
            .via(back)
            .scan(ByteString.emptyByteString(), ByteString::concat)
            .filter(bytes -> bytes.size() >= all.size())
            .runWith(Sink.head(), kit.system())
            .toCompletableFuture();
    assertThat(came).succeedsWithin(SOON).isEqualTo(all);
  }

  private static List<ByteString> pieces(ByteString bytes, int size) {
    var pieces = new ArrayList<ByteString>();
    for (int at = 0; at < bytes.size(); at += size)
      pieces.add(bytes.slice(at, Math.min(bytes.size(), at + size)));
    return pieces;
  }
}
