package io.dayu.pipeline;

import java.util.List;
import java.util.Objects;

/** A document that was read as a pipeline: either a specification or all of its problems. */
public sealed interface Parsed {
  record Ok(PipelineSpec spec) implements Parsed {
    public Ok {
      Objects.requireNonNull(spec, "spec");
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
