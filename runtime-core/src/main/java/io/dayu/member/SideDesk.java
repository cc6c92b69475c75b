package io.dayu.member;

import com.google.protobuf.ByteString;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.side.SideSources;
import io.dayu.side.SideValues;
import io.dayu.stage.Causes;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Reads the side inputs of a pipeline again and again, and puts the parts of values that are given
 * together. Part of the {@link PipelineEntity}, on its thread.
 */
final class SideDesk {
  /** Time to read it. */
  record Read(String name) implements PipelineEntity.Command {}

  /**
   * It was read.
   *
   * @param from the name that cloud nodes declare
   * @param json empty if there is a problem
   */
  record HasRead(String name, String from, Optional<ByteString> json, String problem)
      implements PipelineEntity.Command {}

  private record Upload(String name, int total, ByteString parts) {}

  /** So many values may be under way at once; who began first begins again. */
  private static final int UPLOADS = 4;

  /** When it is looked again for what this node does not declare. */
  private static final Duration UNDECLARED = Duration.ofSeconds(30);

  private final ActorContext<PipelineEntity.Command> context;
  private final TimerScheduler<PipelineEntity.Command> timers;
  private final SideSources sources;
  private final Map<String, String> following = new HashMap<>(); // from, by name
  private final Map<String, Upload> uploads = new LinkedHashMap<>();

  SideDesk(
      ActorContext<PipelineEntity.Command> context,
      TimerScheduler<PipelineEntity.Command> timers,
      SideSources sources) {
    this.context = context;
    this.timers = timers;
    this.sources = sources;
  }

  /** Follows the specification from nothing, as after a start. */
  void begin(Optional<PipelineSpec> spec) {
    following.clear();
    follow(spec);
  }

  void follow(Optional<PipelineSpec> spec) {
    var wanted = new HashMap<String, String>();
    for (var input : spec.map(PipelineSpec::sideInputs).orElse(List.of()))
      input.from().ifPresent(from -> wanted.put(input.name(), from));
    for (var name : following.keySet()) if (!wanted.containsKey(name)) timers.cancel(name);
    var before = Map.copyOf(following);
    following.clear();
    following.putAll(wanted);
    wanted.forEach(
        (name, from) -> {
          if (!from.equals(before.get(name))) read(name);
        });
  }

  void read(String name) {
    var from = following.get(name);
    if (from == null) return;
    timers.cancel(name);
    if (sources.every(from).isEmpty()) {
      context
          .getSelf()
          .tell(
              new HasRead(
                  name,
                  from,
                  Optional.empty(),
                  "the cloud node that reads it declares no dayu.side-inputs." + from));
      return;
    }
    context.pipeToSelf(
        sources.read(from),
        (json, error) -> {
          var problem = error == null ? SideValues.problem(json) : Optional.of(Causes.words(error));
          return new HasRead(
              name,
              from,
              problem.isPresent() ? Optional.empty() : Optional.of(json),
              problem.map(Causes::cut).orElse(""));
        });
  }

  /** Whether it is still wanted; then it is read again in its time. */
  boolean hasRead(HasRead read) {
    if (!read.from().equals(following.get(read.name()))) return false;
    timers.startSingleTimer(
        read.name(), new Read(read.name()), sources.every(read.from()).orElse(UNDECLARED));
    return true;
  }

  /**
   * Adds a part.
   *
   * @return the value once it is whole; empty while parts are missing
   * @throws IllegalArgumentException if the part does not follow those before it, or the value
   *     cannot be one
   */
  Optional<ByteString> add(PipelineEntity.GiveSide give) {
    var before = uploads.remove(give.upload());
    if (before == null) before = new Upload(give.name(), give.total(), ByteString.EMPTY);
    if (give.total() > SideValues.MOST)
      throw new IllegalArgumentException(
          "it has more than %s bytes, which is the most".formatted(SideValues.MOST));
    if (give.offset() != before.parts().size()
        || give.total() != before.total()
        || !give.name().equals(before.name())
        || give.part().size() > before.total() - before.parts().size())
      throw new IllegalArgumentException("a part of it is missing; give it again");
    var parts = before.parts().concat(give.part());
    if (parts.size() == before.total()) {
      var problem = SideValues.problem(parts);
      if (problem.isPresent()) throw new IllegalArgumentException(problem.get());
      return Optional.of(parts);
    }
    if (uploads.size() == UPLOADS) uploads.remove(uploads.keySet().iterator().next());
    uploads.put(give.upload(), new Upload(before.name(), before.total(), parts));
    return Optional.empty();
  }
}
