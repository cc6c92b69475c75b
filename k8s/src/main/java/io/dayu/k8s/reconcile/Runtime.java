package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cluster of Dayu as the operator needs it. Methods block for some seconds at most; they throw
 * {@link Refused} for what the runtime does not take and {@link Unreachable} if it does not answer.
 * Safe for any thread.
 */
public interface Runtime {
  /** All pipelines by name. */
  Map<String, Seen> pipelines();

  /** One pipeline in full; empty if there is none of this name. */
  Optional<Whole> pipeline(String name);

  /** Whether this document would change the pipeline of its name, which is there. */
  boolean changes(String name, JsonNode document);

  /** Starts a pipeline; refused with 409 if there is one of its name. Answers with its version. */
  long create(JsonNode document);

  /** Changes a pipeline, or starts it if there is none. Answers with its version. */
  long replace(String name, JsonNode document);

  /** Has the sources of a pipeline rest until nothing of it is in flight. Does not wait. */
  void drain(String name);

  /** Stops a pipeline; that there is none is fine. */
  void delete(String name);

  /** The specifications that a pipeline has and had, the present one first. */
  List<Version> versions(String name);

  /** One of them as a document; empty if it is not kept. */
  Optional<JsonNode> version(String name, long version);

  /** A pipeline in the list. */
  record Seen(long version, String state) {}

  /**
   * @param problems what somebody should look at
   */
  record Whole(
      long version,
      String state,
      boolean drained,
      int sources,
      int stages,
      String policy,
      List<String> problems) {
    public Whole {
      problems = List.copyOf(problems);
    }
  }

  record Version(long version, Optional<String> at, int sources, int stages, String policy) {}

  /** The runtime has answered that it will not. */
  final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;

    public Refused(int status, String message) {
      super(message);
      this.status = status;
    }

    /** As in HTTP. */
    public int status() {
      return status;
    }
  }

  /** The runtime has not answered. */
  final class Unreachable extends RuntimeException {
    private static final long serialVersionUID = 1;

    public Unreachable(@Nullable String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
