package io.dayu.stage;

import io.dayu.element.Element;
import io.dayu.element.Media;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Stage behaviours from plain functions. An exception of the function fails the element, retryable.
 */
public final class Stages {
  private Stages() {}

  /** A function of one element. */
  @FunctionalInterface
  public interface Work {
    Outcome apply(Element element) throws Exception;
  }

  /** A function that answers later; the returned stage must complete, on any thread. */
  @FunctionalInterface
  public interface AsyncWork {
    CompletionStage<Outcome> apply(Element element) throws Exception;
  }

  /** Work together with what it holds (a model, a native handle), closed with the instance. */
  public interface Resource extends Work, AutoCloseable {
    @Override
    void close();
  }

  /**
   * One element after the other on the instance's own thread. This is the dispatcher for stages,
   * where computing and calls into natives belong.
   */
  public static Behavior<StageCommand> sync(Work work) {
    return Behaviors.receive(StageCommand.class)
        .onMessage(
            StageCommand.Process.class,
            process -> {
              process.replyTo().tell(run(work, process.element()));
              return Behaviors.same();
            })
        .build();
  }

  /** Like {@link #sync(Work)}, opened when the instance starts and closed when it stops. */
  public static Behavior<StageCommand> using(Supplier<? extends Resource> open) {
    return Behaviors.setup(
        context -> {
          Resource resource = open.get();
          return Behaviors.receive(StageCommand.class)
              .onMessage(
                  StageCommand.Process.class,
                  process -> {
                    process.replyTo().tell(run(resource, process.element()));
                    return Behaviors.same();
                  })
              .onSignal(
                  PostStop.class,
                  stop -> {
                    resource.close();
                    return Behaviors.same();
                  })
              .onSignal(
                  org.apache.pekko.actor.typed.PreRestart.class,
                  restart -> {
                    resource.close();
                    return Behaviors.same();
                  })
              .build();
        });
  }

  /** Several elements at once; how many is bounded by the descriptor's parallelism. */
  public static Behavior<StageCommand> async(AsyncWork work) {
    return Behaviors.receive(StageCommand.class)
        .onMessage(
            StageCommand.Process.class,
            process -> {
              try {
                work.apply(process.element())
                    .whenComplete(
                        (outcome, error) ->
                            process.replyTo().tell(error == null ? outcome : failed(error)));
              } catch (Exception e) {
                process.replyTo().tell(failed(e));
              }
              return Behaviors.same();
            })
        .build();
  }

  /** An output, shortly. */
  public static Outcome output(Media media) {
    return new Outcome.Output(media);
  }

  private static Outcome run(Work work, Element element) {
    try {
      return work.apply(element);
    } catch (Exception e) {
      return failed(e);
    }
  }

  private static Outcome failed(Throwable error) {
    var cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return new Outcome.Failed(cause.toString(), true);
  }
}
