package io.dayu.read;

import io.dayu.element.Media;
import io.dayu.element.Readings;
import io.dayu.source.Knob;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceEnd;
import io.dayu.source.SourceException;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.javadsl.Source;

/** Cuts readings into segments at a rate, whatever they are read from. Blueprints only. */
final class ReadingStream {
  static final Knob SEGMENT = new Knob("segment", "readings per element", 1);
  static final Knob RATE =
      new Knob("rate", "readings per second; 0 for as fast as the pipeline takes them", 0);
  static final List<Knob> KNOBS = List.of(SEGMENT, RATE);

  private static final int MAX_SEGMENT = 100_000;
  private static final long BURST_NANOS = Duration.ofMillis(200).toNanos();
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long LONGEST_WAIT_NANOS = Duration.ofMinutes(30).toNanos();

  /** Opens the data at its beginning. */
  interface Opener {
    Records open() throws IOException;
  }

  /**
   * What was read: a segment or a failure. A failure passes the buffers as a value, because an
   * error of the stream would overtake the segments in them.
   */
  private sealed interface SourceSpan {
    record Good(Segment segment) implements SourceSpan {
      int readings() {
        return Math.max(1, segment.payload().getReadings().getReadingCount());
      }
    }

    record Failed(SourceException cause) implements SourceSpan {
      @Override
      public Segment segment() {
        throw cause;
      }
    }

    /** The segment, or the failure thrown. */
    Segment segment();
  }

  private ReadingStream() {}

  /**
   * @param name for messages
   * @param ending closes the data; what was read of it is given, without keeping the rate
   * @param loop begins again at the end
   * @param onBad what becomes of a record that is no reading
   */
  static Source<Segment, NotUsed> of(
      String name,
      SourceContext context,
      SourceEnd ending,
      boolean loop,
      OnBad onBad,
      Opener opener) {
    return Source.fromMaterializer(
            (materializer, attributes) -> {
              var cutter = new Cutter(name, context, loop, onBad, opener);
              return Source.unfoldResource(() -> cutter, Cutter::next, Cutter::close)
                  .withAttributes(ActorAttributes.dispatcher(SourceContext.BLOCKING_DISPATCHER))
                  // A read that waits for data ends only when another thread closes the data.
                  .watchTermination(
                      (notUsed, done) -> {
                        // Closing may block, and who asks for the end must not wait for it.
                        var forget =
                            ending.then(() -> materializer.executionContext().execute(cutter::end));
                        return done.whenComplete(
                            (ok, failure) -> {
                              forget.run();
                              cutter.close();
                            });
                      });
            })
        .mapMaterializedValue(done -> NotUsed.getInstance())
        .via(ending.after(() -> new Pace(context)))
        .map(SourceSpan::segment);
  }

  /** How long each waits, so that a rate is kept, with bursts of up to 200 ms. */
  private static final class Pace implements ToLongFunction<SourceSpan> {
    private final SourceContext context;
    private long dueNanos = System.nanoTime() - BURST_NANOS;

    Pace(SourceContext context) {
      this.context = context;
    }

    @Override
    public long applyAsLong(SourceSpan cut) {
      double rate = context.knobs().get().get(RATE);
      if (rate <= 0 || !(cut instanceof SourceSpan.Good good)) return 0;
      long now = System.nanoTime();
      long waited = Math.min(BURST_NANOS, now - dueNanos);
      double takes = good.readings() * NANOS_PER_SECOND / rate;
      dueNanos = now - waited + (long) Math.min(LONGEST_WAIT_NANOS, takes);
      return dueNanos - now;
    }
  }

  /** One reading of the data from a position to the end, or for ever; opened by the first read. */
  private static final class Cutter {
    private final String name;
    private final SourceContext context;
    private final boolean loop;
    private final OnBad onBad;
    private final Opener opener;
    private Optional<Records> records = Optional.empty(); // guarded by this, for close
    private boolean closed; // guarded by this
    private volatile boolean ending; // what was read is still given
    private boolean begun;
    private boolean ended;
    private Optional<SourceException> failure = Optional.empty();
    private Optional<Entry.Bad> bad = Optional.empty(); // read, and not given yet
    private long position; // the number of records before it
    private long sinceBeginning;

    Cutter(String name, SourceContext context, boolean loop, OnBad onBad, Opener opener) {
      this.name = name;
      this.context = context;
      this.loop = loop;
      this.onBad = onBad;
      this.opener = opener;
    }

    Optional<SourceSpan> next() {
      var readings = Readings.newBuilder();
      try {
        if (failure.isEmpty() && bad.isEmpty()) fill(readings);
      } catch (SourceException e) {
        // That it was closed is no failure, and what came before was read.
        if (!ending) failure = Optional.of(e);
      }
      if (readings.getReadingCount() > 0)
        return Optional.of(
            new SourceSpan.Good(
                new Segment(
                    Media.newBuilder().setReadings(readings).build(),
                    bad.isPresent() ? position - 1 : position)));
      if (bad.isPresent()) {
        var segment = onBad.segment(bad.get().reason(), position);
        bad = Optional.empty();
        return Optional.of(new SourceSpan.Good(segment));
      }
      var ending =
          ended ? Optional.<SourceSpan>empty() : failure.<SourceSpan>map(SourceSpan.Failed::new);
      ended = true;
      return ending;
    }

    private void fill(Readings.Builder readings) {
      if (!begun) {
        if (ending) return;
        begun = true;
        skip(context.position());
      }
      var wanted = (int) Math.max(1, Math.min(MAX_SEGMENT, context.knobs().get().get(SEGMENT)));
      while (readings.getReadingCount() < wanted) {
        var entry = read();
        if (entry.isEmpty()) return;
        if (entry.get() instanceof Entry.Bad found) {
          if (onBad == OnBad.STOP) {
            position--; // the readings before it are given yet
            throw stop(found);
          }
          bad = Optional.of(found);
          return;
        }
        readings.addReading(((Entry.Good) entry.get()).reading());
      }
    }

    void end() {
      ending = true;
      close();
    }

    void close() {
      Optional<Records> open;
      synchronized (this) {
        closed = true;
        open = records;
      }
      try {
        if (open.isPresent()) open.get().close();
      } catch (IOException e) {
        // The data was only read, so the failure loses nothing.
      }
    }

    private void skip(long target) {
      while (position < target) {
        if (read().isEmpty()) return;
        // After the first pass through the data its length is known, so whole passes can be
        // skipped.
        if (sinceBeginning == 1 && position > 1) {
          var turn = position - 1;
          position += (target - position) / turn * turn;
        }
      }
    }

    private SourceException stop(Entry.Bad found) {
      return new SourceException(
          "%s, %s; expected %s (%s=fail delivers such a record as failed and goes on)"
              .formatted(name, found.reason(), expected(), OnBad.PARAMETER),
          true,
          null);
    }

    private synchronized String expected() {
      return records.map(Records::expected).orElse("readings");
    }

    private Optional<Entry> read() {
      try {
        var entry = current().next();
        if (entry.isEmpty() && loop && sinceBeginning > 0) {
          sinceBeginning = 0;
          entry = begin().next();
        }
        if (entry.isPresent()) {
          position++;
          sinceBeginning++;
        }
        return entry;
      } catch (Records.NoReadings e) {
        throw new SourceException(name + ", " + e.getMessage(), true, e);
      } catch (IOException e) {
        throw new SourceException(name + ": reading failed: " + reason(e), false, e);
      }
    }

    private Records current() throws IOException {
      Optional<Records> now;
      synchronized (this) {
        now = records;
      }
      return now.isPresent() ? now.get() : begin();
    }

    /** Opens the data without the lock, because opening and closing may take long. */
    private Records begin() throws IOException {
      var opened = opener.open();
      Optional<Records> before;
      boolean late;
      synchronized (this) {
        before = records;
        records = Optional.of(opened);
        late = closed;
      }
      if (before.isPresent()) before.get().close();
      if (late) opened.close();
      return opened;
    }

    private static String reason(IOException e) {
      return Causes.words(e);
    }
  }
}
