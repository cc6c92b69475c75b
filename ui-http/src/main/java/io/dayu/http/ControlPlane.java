package io.dayu.http;

import com.google.protobuf.ByteString;
import io.dayu.facts.Decision;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.View;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;
import io.dayu.pipeline.StreamName;
import io.dayu.policy.Policies;
import io.dayu.store.Pruner;
import io.dayu.store.ResultPage;
import io.dayu.store.StoredResult;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * What the HTTP interface needs of the node it runs on. Every method may be called from any thread;
 * stages fail with a {@link java.util.concurrent.TimeoutException} when the cluster does not
 * answer.
 */
public interface ControlPlane {
  /** What this node knows by gossip, now. */
  View view();

  /** Stage types, kinds of sources and policies of this node. */
  Catalog catalog();

  /** The policies the catalog names, with their parameters. */
  Policies policies();

  /**
   * Starts a verified pipeline, or changes it where one of its name runs; sources without a node
   * are given one.
   *
   * @param state whether its sources are read; empty for as it is, which of a new one is yes
   * @param only the versions one of which the present pipeline must have; empty for any
   */
  CompletionStage<Submitted> submit(
      PipelineSpec spec, Optional<RunState> state, boolean replace, Set<Long> only);

  /**
   * What {@link #submit} would do, without doing it: {@link Submitted.Planned}, or why it would be
   * refused.
   */
  CompletionStage<Submitted> plan(PipelineSpec spec, Optional<RunState> state, Set<Long> only);

  /**
   * Pauses a pipeline or lets it go on; one that is so already is left alone. Empty if there is
   * none of this name.
   */
  CompletionStage<Optional<DesiredPipeline>> turn(String name, RunState state);

  /** The pipeline as it is to run now; empty if there is none of this name. */
  CompletionStage<Optional<DesiredPipeline>> pipeline(String name);

  /**
   * The specifications that a pipeline has and had, the present one first; empty if there is none
   * of this name.
   */
  CompletionStage<Optional<List<PipelineVersion>>> versions(String name);

  /** A pipeline as it was in one of its {@link #versions}; empty if that is not kept. */
  CompletionStage<Optional<DesiredPipeline>> version(String name, long version);

  /**
   * Stops the pipeline. Its results stay.
   *
   * @param only see {@link #submit}
   */
  CompletionStage<Deletion> delete(String name, Set<Long> only);

  /**
   * Stored results of a pipeline in the order they were stored. Fails with an {@link
   * IllegalArgumentException} if {@code after} is not a cursor.
   *
   * @param after a cursor from the page before; empty for the first page
   * @param limit 1 to 1000
   */
  CompletionStage<ResultPage> results(String pipeline, Optional<String> after, int limit);

  /** What the store holds and has pruned, as of some seconds ago. */
  Pruner.Usage stored();

  /** Whether results that come now can be read later. */
  boolean keepsResults();

  /** Results of a pipeline as they are stored from now on; a slow reader misses some. */
  Source<StoredResult, NotUsed> liveResults(String pipeline);

  /** A kept payload; empty if it was not kept or no longer is. */
  CompletionStage<Optional<io.dayu.element.Media>> frame(StreamName stream, long seq);

  /**
   * Asks a node what it keeps of failed elements. Never fails: a node that cannot be asked is
   * {@link FailedElements.Why#AWAY}.
   */
  CompletionStage<FailedElements.Answer> askFailed(String node, FailedElements.Question question);

  /** Decisions of a pipeline's streams, the newest first. */
  CompletionStage<List<Decision>> decisions(String pipeline, int limit);

  /**
   * Removes a node from the cluster; one whose process runs joins anew. False if there is none of
   * this name.
   */
  CompletionStage<Boolean> removeNode(String name);

  /** Services that are declared over the API. */
  ServiceRegistry services();

  /**
   * Gives a side input of a pipeline a value.
   *
   * @param json a value that can be one
   */
  CompletionStage<SideAnswer> giveSide(String pipeline, String input, ByteString json);

  /** The answer to {@link #giveSide}. */
  sealed interface SideAnswer {
    /**
     * Elements that are sent from soon on have it.
     *
     * @param version of the side inputs that has the value
     */
    record Given(long version) implements SideAnswer {}

    /** It is not for the API to give. */
    record Refused(String reason) implements SideAnswer {}

    /** There is no such pipeline, or it has no such side input. */
    record Unknown() implements SideAnswer {}
  }

  /** The answer to {@link #delete}. */
  enum Deletion {
    DELETED,
    /** It stops now, and is deleted in the store when that can be used, even after a restart. */
    ACCEPTED,
    /** There is none of this name. */
    ABSENT,
    /** Not done: it has another version than was asked for. */
    DIFFERS
  }

  /** The answer to {@link #submit}. */
  sealed interface Submitted {
    /** It will run. */
    record Accepted(DesiredPipeline pipeline, boolean created) implements Submitted {}

    /**
     * It would run; nothing was done.
     *
     * @param running as it is now; empty if there is none of its name
     * @param next as it would be; equal if nothing would change
     */
    record Planned(Optional<DesiredPipeline> running, DesiredPipeline next) implements Submitted {}

    /** A pipeline of this name is already there and {@code replace} was not asked. */
    record Exists(String name) implements Submitted {}

    /**
     * Not done: the pipeline has another version than was asked for.
     *
     * @param version 0 if there is none of this name
     */
    record Differs(String name, long version) implements Submitted {}

    /** No edge or cloud node is there to read a source that names none. */
    record NoNode(String source) implements Submitted {}

    /**
     * It asks for what this cluster does not do: to read what a node does not let pipelines read,
     * or to keep more than the store may hold.
     */
    record Refused(List<PipelineProblem> problems) implements Submitted {}

    /**
     * It cannot be sent to the nodes.
     *
     * @param beside pipelines that are sent in the same message, which is full of them
     */
    record NoRoom(String name, List<String> beside) implements Submitted {}
  }
}
