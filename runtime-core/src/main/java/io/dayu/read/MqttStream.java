package io.dayu.read;

import io.dayu.element.Media;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.read.MqttSession.Arrival;
import io.dayu.source.Knob;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Reads MQTT topics for the providers of one node, and remembers sessions whose connection was
 * lost. Safe for any thread.
 */
final class MqttStream {
  static final Knob SEGMENT = new Knob("segment", "readings per element, at most", 1);

  /** More than a broker may send ahead of acknowledgements. */
  private static final int QUEUE = 65_536;

  /** How long a reading waits for others of its element, at most. */
  private static final Duration TOGETHER = Duration.ofMillis(250);

  private static final long FORGET_NANOS = Duration.ofMinutes(10).toNanos();

  /** What a message says. */
  sealed interface Content {
    record Several(List<Reading> readings) implements Content {}

    /** An element of its own. */
    record Whole(Media payload) implements Content {}

    record Bad(String reason) implements Content {}
  }

  private record Idle(MqttSession session, long sinceNanos) {}

  private record SourceSpan(Optional<Segment> segment, Optional<SourceException> failure) {
    Segment get() {
      return segment.orElseThrow(failure::get);
    }
  }

  private final UnaryOperator<String> environment;
  private final Map<MqttTarget, Idle> idle = new HashMap<>(); // guarded by this

  /**
   * @param environment looks an environment variable up; null if it is not set
   */
  MqttStream(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  Source<Segment, NotUsed> of(
      MqttTarget target,
      SourceContext context,
      OnBad onBad,
      Function<MqttBroker.Message, Content> decode) {
    return Source.fromMaterializer(
            (materializer, attributes) -> {
              var session = session(target, context.position());
              return Source.<Arrival>queue(QUEUE)
                  .watchTermination(
                      (queue, done) -> {
                        session.read(queue, context);
                        done.whenComplete((ok, failure) -> session.leave(queue));
                        return NotUsed.getInstance();
                      })
                  .map(
                      arrival -> {
                        if (arrival instanceof Arrival.Lost) keep(target, session);
                        return arrival;
                      });
            })
        .merge(Source.tick(TOGETHER, TOGETHER, Arrival.Pause.INSTANCE), true)
        .statefulMapConcat(() -> new Cutter(target, context, onBad, decode)::cut)
        .map(SourceSpan::get)
        .mapMaterializedValue(created -> NotUsed.getInstance());
  }

  /** The session whose connection was lost, if the same reader continues it, or a new one. */
  private synchronized MqttSession session(MqttTarget target, long position) {
    idle.values().removeIf(i -> System.nanoTime() - i.sinceNanos() > FORGET_NANOS);
    var known = idle.remove(target);
    // After a restart the reader begins before what it had read.
    if (known != null && known.session().position() == position) return known.session();
    return new MqttSession(target, position, () -> MqttBroker.of(target, environment));
  }

  private synchronized void keep(MqttTarget target, MqttSession session) {
    idle.put(target, new Idle(session, System.nanoTime()));
  }

  /** Puts readings together to elements. Belongs to one stream. */
  private static final class Cutter {
    private final MqttTarget target;
    private final SourceContext context;
    private final OnBad onBad;
    private final Function<MqttBroker.Message, Content> decode;
    private Readings.Builder readings = Readings.newBuilder();
    private long position;

    Cutter(
        MqttTarget target,
        SourceContext context,
        OnBad onBad,
        Function<MqttBroker.Message, Content> decode) {
      this.target = target;
      this.onBad = onBad;
      this.context = context;
      this.decode = decode;
    }

    List<SourceSpan> cut(Arrival arrival) {
      var cuts = new ArrayList<SourceSpan>();
      if (arrival instanceof Arrival.Received received) {
        var content = decode.apply(received.message());
        if (content instanceof Content.Several several) {
          position = received.position();
          readings.addAllReading(several.readings());
          if (readings.getReadingCount() >= context.knobs().get().get(SEGMENT)) together(cuts);
        } else {
          together(cuts);
          cuts.add(alone(content, received));
        }
      } else {
        together(cuts);
        if (arrival instanceof Arrival.Lost lost)
          cuts.add(new SourceSpan(Optional.empty(), Optional.of(lost.cause())));
      }
      return cuts;
    }

    private SourceSpan alone(Content content, Arrival.Received received) {
      if (content instanceof Content.Whole whole)
        return good(new Segment(whole.payload(), received.position()));
      var reason = "%s: %s".formatted(received.message().topic(), ((Content.Bad) content).reason());
      return onBad == OnBad.STOP
          ? new SourceSpan(
              Optional.empty(), Optional.of(MqttBroker.told(target, reason, true, null)))
          : good(onBad.segment(reason, received.position()));
    }

    private void together(List<SourceSpan> cuts) {
      if (readings.getReadingCount() == 0) return;
      cuts.add(good(new Segment(Media.newBuilder().setReadings(readings).build(), position)));
      readings = Readings.newBuilder();
    }

    private static SourceSpan good(Segment segment) {
      return new SourceSpan(Optional.of(segment), Optional.empty());
    }
  }
}
