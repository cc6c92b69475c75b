package io.dayu.http;

import io.dayu.facts.DeclaredService;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Services that are declared over the API. Every method may be called from any thread; stages fail
 * with a {@link io.dayu.store.StoreException} while the store of the cloud cannot be used.
 */
public interface ServiceRegistry {
  /** Those that are declared now, by name. */
  CompletionStage<List<DeclaredService>> all();

  /**
   * Declares a service, or changes one. Nodes that are cut off hear of it when they are back.
   *
   * @param document its keys as a JSON object
   */
  CompletionStage<Answer> declare(String name, String document);

  /** Ends a service at all nodes; its description there is forgotten with it. */
  CompletionStage<Answer> withdraw(String name);

  /** What became of it. */
  sealed interface Answer {
    /**
     * @param created whether there was none of this name
     */
    record Declared(DeclaredService service, boolean created) implements Answer {}

    record Withdrawn() implements Answer {}

    /** There is none of this name. */
    record Absent() implements Answer {}

    /**
     * @param why all problems, one a line
     */
    record Invalid(String why) implements Answer {}

    /** The name is that of a stage type, or of a service that the configuration declares. */
    record Taken(String why, String remedy) implements Answer {}

    record InUse(List<String> pipelines) implements Answer {
      public InUse {
        pipelines = List.copyOf(pipelines);
      }
    }

    /** There may be no more. */
    record TooMany(int most) implements Answer {}
  }
}
