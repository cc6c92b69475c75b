package io.dayu.pipeline;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A document that was read as a pipeline: either a specification or all of its problems. */
public sealed interface Parsed {
  /**
   * @param state empty if the document does not say: a new pipeline runs, and one that is there
   *     stays as it is
   */
  record Ok(PipelineSpec spec, Optional<RunState> state) implements Parsed {
    public Ok {
      Objects.requireNonNull(spec, "spec");
      Objects.requireNonNull(state, "state");
    }
  }

  /** Never empty. */
  record Bad(List<PipelineProblem> problems) implements Parsed {
    public Bad {
      problems = List.copyOf(problems);
      if (problems.isEmpty()) throw new IllegalArgumentException("bad without a problem");
    }
  }
}
