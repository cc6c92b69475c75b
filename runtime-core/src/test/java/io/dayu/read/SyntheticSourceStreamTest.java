package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.dayu.element.MediaType;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.testkit.javadsl.TestSink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntheticSourceStreamTest {
  // A loaded machine is slow, which is not what is tested.
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.test.timefactor = 6")
              .withFallback(ConfigFactory.load()));

  @AfterAll
  static void shutDown() {
    KIT.shutdownTestKit();
  }

  @Test
  void itYieldsTheCountOfEqualPayloadsAndCompletes() throws Exception {
    var segments = all(open("synthetic:?bytes=100&count=5", 0));

    assertThat(segments).extracting(Segment::position).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(segments.get(0).payload().getOpaque().size()).isEqualTo(100);
    assertThat(MediaType.of(segments.get(0).payload())).isEqualTo(MediaType.OPAQUE);
    assertThat(segments.get(4).payload()).isSameAs(segments.get(0).payload());
  }

  @Test
  void itGoesOnAtAPosition() throws Exception {
    assertThat(all(open("synthetic:?count=5", 3)))
        .extracting(Segment::position)
        .containsExactly(4L, 5L);
    assertThat(all(open("synthetic:?count=5", 5))).isEmpty();
  }

  @Test
  void withoutARateItFollowsDemandAndWithoutACountItIsEndless() {
    var probe =
        open("synthetic:?bytes=0", 0)
            .runWith(TestSink.create(KIT.system().classicSystem()), KIT.system());
    probe.request(2);
    probe.expectNextN(2);
    probe.expectNoMessage(scala.concurrent.duration.Duration.create(100, TimeUnit.MILLISECONDS));
    probe.request(5000);
    assertThat(probe.expectNextN(5000)).isNotNull();
    probe.cancel();
  }

  @ParameterizedTest
  @CsvSource({"50", "5000"})
  void aRateHoldsOnAverage(int rate) throws Exception {
    var seconds = 2;
    var start = System.nanoTime();
    var all = all(open("synthetic:?bytes=1&rate=%d&count=%d".formatted(rate, rate * seconds), 0));
    var took = (System.nanoTime() - start) / 1e9;

    assertThat(all).hasSize(rate * seconds);
    // The first 200 ms worth of elements may come at once. A busy machine may be late; but one
    // timer per element would take 20 s at the higher rate.
    assertThat(took).isBetween(seconds - 0.25, 15.0);
  }

  @ParameterizedTest
  @CsvSource({
    "synthetic:?bytes=-1, bytes=-1 is not a whole number",
    "synthetic:?bytes=1e12, bytes=1e12 is not a whole number from 0",
    "synthetic:?rate=fast, rate=fast is not a number",
    "synthetic:?rate=NaN, rate=NaN is not a number",
    "synthetic:?count=1.5, count=1.5 is not a whole number",
    "synthetic:?speed=3, 'unknown parameter ''speed''; known: [bytes, rate, count]'",
    "synthetic:?rate, 'rate'' has no value'",
    "synthetic:?rate=1&rate=2, given twice"
  })
  void aMistakeInTheUriIsAPermanentFailure(String uri, String message) {
    assertThatThrownBy(() -> all(open(uri, 0)))
        .cause()
        .isInstanceOfSatisfying(
            SourceException.class, e -> assertThat(e.permanent()).as("permanent").isTrue())
        .hasMessageContaining(uri)
        .hasMessageContaining(message);
  }

  @Test
  void itClaimsItsSchemeOnly() {
    var provider = new SyntheticSource();
    assertThat(provider.claims(URI.create(provider.descriptor().example()))).isTrue();
    assertThat(provider.claims(URI.create("file:synthetic.csv"))).isFalse();
    assertThat(provider.claims(URI.create("synthetic.csv"))).isFalse();
  }

  private static Source<Segment, NotUsed> open(String uri, long position) {
    return new SyntheticSource()
        .open(new SourceContext(URI.create(uri), position, () -> Knobs.NONE));
  }

  private static List<Segment> all(Source<Segment, NotUsed> source) throws Exception {
    return source.runWith(Sink.seq(), KIT.system()).toCompletableFuture().get(60, TimeUnit.SECONDS);
  }
}
