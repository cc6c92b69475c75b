package io.dayu.k8s.desired;

import java.time.Duration;
import java.util.Optional;

/** What is to be done next for a Pipeline resource. */
public sealed interface PipelineStep {
  /** Claims the resource before anything runs for it, so that its end is not missed. */
  record Claim() implements PipelineStep {}

  /** Writes an earlier specification into the resource. */
  record RollBack(String to) implements PipelineStep {}

  /** Starts a pipeline of a name that is free. */
  record Create() implements PipelineStep {}

  /** Changes the pipeline to what the resource says. */
  record Replace() implements PipelineStep {}

  /** There is a pipeline of this name that is not the resource's; it is, if it does the same. */
  record Compare() implements PipelineStep {}

  /** Nothing is to be done; the status follows the pipeline. */
  record Follow() implements PipelineStep {}

  /** Pauses the pipeline and waits for what is in flight. */
  record Drain() implements PipelineStep {}

  /** Deletes the pipeline. */
  record Delete() implements PipelineStep {}

  /** Lets the resource go. */
  record Release() implements PipelineStep {}

  /** The resource is none of ours any more. */
  record Nothing() implements PipelineStep {}

  /**
   * What is there.
   *
   * @param claimed whether the resource has our finalizer
   * @param deleting how long ago its deletion was asked for; empty if it was not
   * @param drain how long what is in flight may take
   * @param rollback the version that is asked for
   * @param adopt whether a pipeline that came over the API may be taken over
   * @param own the version that the resource's pipeline had; empty if it has none
   * @param changed whether the resource says something else than was submitted then
   * @param running the pipeline of this name, if there is one
   */
  record Observed(
      boolean claimed,
      Optional<Duration> deleting,
      Duration drain,
      Optional<String> rollback,
      boolean adopt,
      Optional<Long> own,
      boolean changed,
      Optional<Running> running) {}

  /**
   * @param drained whether it is paused and nothing of it is in flight
   */
  record Running(long version, boolean drained) {}

  static PipelineStep next(Observed o) {
    if (o.deleting().isPresent()) {
      if (!o.claimed()) return new Nothing();
      // What came over the API stays when a resource of its name goes.
      if (o.own().isEmpty() || o.running().isEmpty()) return new Release();
      boolean late = o.deleting().get().compareTo(o.drain()) >= 0;
      return o.running().get().drained() || late ? new Delete() : new Drain();
    }
    if (!o.claimed()) return new Claim();
    if (o.rollback().isPresent() && o.own().isPresent()) return new RollBack(o.rollback().get());
    if (o.running().isEmpty()) return new Create();
    if (o.own().isEmpty()) return o.adopt() ? new Replace() : new Compare();
    // The resource is what holds: a version that it has not made was made over the API.
    boolean elsewhere = o.running().get().version() != o.own().get();
    return o.changed() || elsewhere ? new Replace() : new Follow();
  }
}
