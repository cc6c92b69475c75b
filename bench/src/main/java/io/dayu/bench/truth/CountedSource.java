package io.dayu.bench.truth;

import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Readings;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.source.Target;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.ThrottleMode;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * A sensor that cannot be read again: {@code
 * counted:?rate=20&bytes=4096&until=1700000000000&journal=/path}. Each opening counts from 0 under
 * a sensor name of its own and writes every reading it gives away into a {@link Journal}, which
 * survives the death of the node. It ends at {@code until}, milliseconds since 1970.
 */
public final class CountedSource implements SourceProvider {
  private static final SourceDescriptor DESCRIPTOR =
      new SourceDescriptor(
          "counted",
          "A live sensor whose readings can be recognised, for proving that none is lost",
          MediaType.READINGS,
          List.of(),
          true,
          Repeat.NONE,
          "counted:?rate=20&bytes=100&until=1700000000000&journal=/tmp/sensor");

  @Override
  public SourceDescriptor descriptor() {
    return DESCRIPTOR;
  }

  @Override
  public boolean claims(URI uri) {
    return "counted".equalsIgnoreCase(uri.getScheme());
  }

  @Override
  public Target target(URI uri) {
    return Target.Nothing.INSTANCE;
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    var query = query(context.uri());
    int rate = Integer.parseInt(query.get("rate"));
    int bytes = Integer.parseInt(query.get("bytes"));
    long until = Long.parseLong(query.get("until"));
    var path = Path.of(query.get("journal"));
    // What is throttled is no reading yet: one that waits in there would be lost at the closing.
    return Source.repeat(NotUsed.getInstance())
        // Timers tick every 20 ms: only a burst of several ticks keeps the rate up.
        .throttle(
            1,
            Duration.ofNanos(1_000_000_000L / rate),
            Math.max(1, rate / 10),
            ThrottleMode.shaping())
        .statefulMapConcat(
            () -> {
              var sensor = new Sensor(path, bytes, until);
              return turn -> Collections.singleton(sensor.next());
            })
        .takeWhile(Optional::isPresent)
        .map(Optional::get);
  }

  private static Map<String, String> query(URI uri) {
    return Arrays.stream(uri.toString().split("\\?", 2)[1].split("&"))
        .map(pair -> pair.split("=", 2))
        .collect(Collectors.toMap(p -> p[0], p -> URLDecoder.decode(p[1], StandardCharsets.UTF_8)));
  }

  private static final class Sensor {
    private final Path path;
    private final int bytes;
    private final long until;
    private Journal.@Nullable Writer journal; // null before the first element
    private long index;

    Sensor(Path path, int bytes, long until) {
      this.path = path;
      this.bytes = bytes;
      this.until = until;
    }

    /** Empty at the end. */
    Optional<Segment> next() {
      if (System.currentTimeMillis() >= until) return Optional.empty();
      try {
        if (journal == null) journal = Journal.begin(path);
        journal.add(System.currentTimeMillis());
        var reading = CountedReadings.reading(journal.sensor(), index++, bytes);
        return Optional.of(
            new Segment(
                Media.newBuilder().setReadings(Readings.newBuilder().addReading(reading)).build(),
                0));
      } catch (IOException e) {
        throw new SourceException("the journal cannot be written: " + e, false, e);
      }
    }
  }
}
