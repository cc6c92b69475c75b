package io.dayu.generate;

import io.dayu.facts.NodeReport.StreamState;
import java.util.Optional;

/**
 * How a stream is, why, and whether its owner waits to be told: of another state, of the first
 * element settled since the stream began or went on, or that nothing of a paused one is in flight.
 * All else is told with the next report. Belongs to one actor.
 */
final class Standing {
  private record Told(StreamState state, boolean drained, boolean moves) {}

  private final Unsettled unsettled;
  private StreamState state = StreamState.STARTING;
  private Optional<String> problem = Optional.empty();
  private boolean moves; // something was settled since the stream began or went on
  private Told told = new Told(StreamState.STARTING, false, false);

  Standing(Unsettled unsettled) {
    this.unsettled = unsettled;
  }

  StreamState state() {
    return state;
  }

  Optional<String> problem() {
    return problem;
  }

  /** The problem stays. */
  void is(StreamState next) {
    state = next;
  }

  /** For people; the state stays. */
  void has(String found) {
    problem = Optional.of(found);
  }

  boolean hasProblem(String which) {
    return problem.equals(Optional.of(which));
  }

  void hasNoProblem() {
    problem = Optional.empty();
  }

  /** If the problem is this one, there is none any more. */
  void solved(String which) {
    if (hasProblem(which)) problem = Optional.empty();
  }

  /** Something was settled. */
  void moves() {
    moves = true;
  }

  /** It goes on after a pause. */
  void resumes(StreamState next) {
    state = next;
    moves = false;
  }

  /** Whether others may wait for what has changed since the last report. */
  boolean isAwaited() {
    return state != told.state() || isDrained() && !told.drained() || moves && !told.moves();
  }

  /** A report is on its way. */
  void told() {
    told = new Told(state, isDrained(), moves);
  }

  private boolean isDrained() {
    return state == StreamState.PAUSED && unsettled.size() == 0;
  }
}
