package io.dayu.process;

import io.dayu.link.CreditReturn;
import io.dayu.link.Inlet;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Another name of a processor, for a later plan in which its stage is the same: the stage, with the
 * model that it has loaded and what it remembers, goes on, and elements of each plan go on to the
 * stages of their own. Spawned by the controller. It stops with the processor, and after {@link
 * Processor.Retire} once nothing has come for {@code dayu.process.retire-after}.
 */
public final class Entrance {
  /**
   * By which way an element came.
   *
   * @param plan tells where it goes on
   * @param credits of those who came by it; used by the processor only
   */
  record Way(Plan plan, CreditReturn credits) {}

  /** What came to an entrance. */
  record Through(Way way, Inlet.Command message) implements Inlet.Command {}

  private enum Timer implements Inlet.Command {
    LOOK
  }

  private Entrance() {}

  /**
   * @param plan the stage's in which is equal to the processor's
   * @param retireAfter how long nothing must have come
   * @param nanos a clock as {@link System#nanoTime}
   */
  public static Behavior<Inlet.Command> create(
      ActorRef<Inlet.Command> processor, Plan plan, Duration retireAfter, LongSupplier nanos) {
    return Behaviors.setup(
        context -> {
          context.watch(processor);
          var way = new Way(plan, new CreditReturn(context.getSelf()));
          return Behaviors.withTimers(
              timers -> {
                context.setLoggerName(Entrance.class);
                var last = new long[] {nanos.getAsLong()};
                return Behaviors.receive(Inlet.Command.class)
                    .onMessageEquals(
                        Processor.Retire.INSTANCE,
                        () -> {
                          timers.startTimerWithFixedDelay(Timer.LOOK, retireAfter);
                          return Behaviors.same();
                        })
                    .onMessageEquals(
                        Timer.LOOK,
                        () ->
                            nanos.getAsLong() - last[0] > retireAfter.toNanos()
                                ? Behaviors.stopped()
                                : Behaviors.same())
                    .onAnyMessage(
                        message -> {
                          last[0] = nanos.getAsLong();
                          processor.tell(new Through(way, message));
                          return Behaviors.same();
                        })
                    .onSignal(Terminated.class, gone -> Behaviors.stopped())
                    .build();
              });
        });
  }
}
