package io.dayu.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.dayu.pipeline.PipelineProblem;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;

/**
 * An error as a caller sees it: a problem document of RFC 9457 with the member {@code remedy}.
 *
 * @param detail what happened
 * @param remedy what to do about it
 * @param problems what is wrong with a pipeline; empty for other errors
 */
record Problem(
    String type,
    String title,
    int status,
    String detail,
    String remedy,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<PipelineProblem> problems) {
  Problem {
    Objects.requireNonNull(detail, "detail");
    Objects.requireNonNull(remedy, "remedy");
    problems = List.copyOf(problems);
  }

  static Problem of(int status, String detail, String remedy) {
    var title = StatusCodes.get(status).reason();
    return new Problem("about:blank", title, status, detail, remedy, List.of());
  }

  static Problem unknownPipeline(String name) {
    return of(
        404,
        "there is no pipeline named " + name,
        "list the pipelines with GET /api/v1/pipelines, or submit this one with POST");
  }

  /** A document that is no pipeline. */
  static Problem badPipeline(List<PipelineProblem> problems) {
    return new Problem(
        "about:blank",
        "The pipeline is not valid",
        422,
        problems.size() == 1
            ? "the pipeline has a problem, so nothing was started"
            : "the pipeline has " + problems.size() + " problems, so nothing was started",
        "correct what \"problems\" lists and submit the pipeline again",
        problems);
  }

  HttpResponse response() {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(Json.PROBLEM.toContentType(), Json.bytes(this));
  }

  /** Throws this problem out of a handler. */
  Refused refused() {
    return new Refused(this, 0);
  }

  /** As {@link #refused()}, for one that is asked to wait. */
  Refused refusedFor(long seconds) {
    return new Refused(this, seconds);
  }

  /** Carries a problem to the router; no stack trace, as it is the caller's error. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Problem problem;
    private final long waitSeconds;

    private Refused(Problem problem, long waitSeconds) {
      super(problem.detail(), null, false, false);
      this.problem = problem;
      this.waitSeconds = waitSeconds;
    }

    /** When the caller may try again; 0 where time changes nothing. */
    long waitSeconds() {
      return waitSeconds;
    }

    Problem problem() {
      return problem;
    }
  }
}
