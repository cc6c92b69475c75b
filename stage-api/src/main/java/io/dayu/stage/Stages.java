package io.dayu.stage;

import io.dayu.element.Element;
import io.dayu.element.Media;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Stage behaviours from plain functions. An exception of the function fails the element, retryable,
 * and so does an answer of null.
 *
 * <p>So does an {@link Error} that tells of this call alone ({@link CallErrors}), such as a native
 * library that does not load: actors count it as fatal and would end the whole node. Any other
 * {@link Error} is not caught.
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
    return new FunctionStage(work, () -> {});
  }

  /** Like {@link #sync(Work)}, opened when the instance starts and closed when it stops. */
  public static Behavior<StageCommand> using(Supplier<? extends Resource> open) {
    return Behaviors.setup(
        context -> {
          Resource resource = open(open);
          return new FunctionStage(resource, resource::close);
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
                            process.replyTo().tell(error == null ? given(outcome) : failed(error)));
              } catch (Exception e) {
                process.replyTo().tell(failed(e));
              } catch (Error e) {
                process.replyTo().tell(failed(survived(e)));
              }
              return Behaviors.same();
            })
        .build();
  }

  /** An outcome with this output. */
  public static Outcome output(Media media) {
    return new Outcome.Output(media);
  }

  private static Resource open(Supplier<? extends Resource> open) {
    try {
      return open.get();
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "a library of the stage cannot be loaded: " + Causes.words(e), e);
    } catch (Error e) {
      throw new IllegalStateException(
          "the stage cannot be opened: " + Causes.words(survived(e)), e);
    }
  }

  static Outcome run(Work work, Element element) {
    try {
      return given(work.apply(element));
    } catch (Exception e) {
      return failed(e);
    } catch (Error e) {
      return failed(survived(e));
    }
  }

  private static Error survived(Error error) {
    if (CallErrors.isSurvivable(error)) return error;
    throw error;
  }

  private static Outcome given(Outcome outcome) {
    return outcome == null
        ? new Outcome.Failed("the stage's function answered null instead of an outcome", true)
        : outcome;
  }

  private static Outcome failed(Throwable error) {
    return new Outcome.Failed(Causes.words(error), true);
  }
}
