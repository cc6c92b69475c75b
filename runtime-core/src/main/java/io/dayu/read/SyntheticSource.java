package io.dayu.read;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.source.Query;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.source.Target;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.ThrottleMode;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Bytes that cost nothing to make, for measuring: {@code
 * synthetic:?bytes=1024&rate=100&count=1000}. All elements share one payload of random bytes, the
 * same for every run.
 *
 * <p>{@code rate} (elements per second) holds on average, in bursts of up to 200 ms; what
 * downstream was too slow to take in that time is not made up for. 0, the default, is as fast as
 * downstream takes. {@code count} 0, the default, is endless.
 */
public final class SyntheticSource implements SourceProvider {
  /**
   * With its names it just fits into an element of 64 MiB, the largest one unless set otherwise.
   */
  private static final int MAX_BYTES = (64 << 20) - (16 << 10);

  private static final int MAX_RATE = 1_000_000;
  private static final long MAX_COUNT = 1L << 52;
  private static final double BURST_SECONDS = 0.2;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "synthetic",
        "Random bytes at a steady rate, for measuring",
        MediaType.OPAQUE,
        List.of(),
        false,
        Repeat.EXACT,
        "synthetic:?bytes=1024&rate=100&count=1000");
  }

  @Override
  public boolean claims(URI uri) {
    return "synthetic".equalsIgnoreCase(uri.getScheme());
  }

  /** What a URI asks for. */
  private record Request(int bytes, double rate, long count) {
    static Request of(URI uri) {
      var query = Query.of(uri, List.of("bytes", "rate", "count"));
      return new Request(
          (int) query.whole("bytes", 1024, MAX_BYTES),
          query.number("rate", 0, MAX_RATE),
          query.whole("count", 0, MAX_COUNT));
    }
  }

  @Override
  public void check(URI uri) {
    var unused = Request.of(uri);
  }

  @Override
  public OptionalLong elementBytes(URI uri) {
    return OptionalLong.of(Request.of(uri).bytes());
  }

  @Override
  public Target target(URI uri) {
    return Target.Nothing.INSTANCE;
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      var request = Request.of(context.uri());
      var payload = payload(request.bytes());
      var rate = request.rate();
      var count = request.count();
      var end = count == 0 ? Long.MAX_VALUE : count;
      var segments =
          Source.unfold(
              context.position(),
              i ->
                  i < end
                      ? Optional.of(Pair.create(i + 1, new Segment(payload, i + 1)))
                      : Optional.empty());
      return rate == 0 ? segments : paced(segments, rate);
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  private static Source<Segment, NotUsed> paced(Source<Segment, NotUsed> segments, double rate) {
    var between = Duration.ofNanos(Math.round(NANOS_PER_SECOND / rate));
    // Timers tick every 20 ms: only a burst of several ticks keeps high rates up.
    var burst = Math.max(1, (int) (rate * BURST_SECONDS));
    return segments.throttle(1, between, burst, ThrottleMode.shaping());
  }

  private static Media payload(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return Media.newBuilder().setOpaque(UnsafeByteOperations.unsafeWrap(bytes)).build();
  }
}
