package io.dayu.source;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;

/** Holds one element for its time, or until an end is asked for; see {@link SourceEnd#after}. */
final class Wait<T> extends GraphStage<FlowShape<T, T>> {
  private final Inlet<T> in = Inlet.create("wait.in");
  private final Outlet<T> out = Outlet.create("wait.out");
  private final FlowShape<T, T> shape = FlowShape.of(in, out);
  private final SourceEnd ending;
  private final Supplier<? extends ToLongFunction<? super T>> nanos;

  Wait(SourceEnd ending, Supplier<? extends ToLongFunction<? super T>> nanos) {
    this.ending = ending;
    this.nanos = nanos;
  }

  @Override
  public FlowShape<T, T> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final ToLongFunction<? super T> wait = nanos.get();
    private Optional<T> held = Optional.empty();
    private Runnable forget = () -> {};

    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              var element = grab(in);
              long left = wait.applyAsLong(element);
              if (left <= 0 || ending.isAsked()) {
                push(out, element);
                return;
              }
              held = Optional.of(element);
              scheduleOnce(Done.getInstance(), Duration.ofNanos(left));
            }

            @Override
            public void onPull() {
              pull(in);
            }

            @Override
            public void onUpstreamFinish() {
              if (held.isEmpty()) completeStage();
            }
          });
    }

    @Override
    public void preStart() {
      var asked = this.<Done>createAsyncCallback(done -> pass());
      forget = ending.then(() -> asked.invoke(Done.getInstance()));
    }

    @Override
    public void onTimer(Object timer) {
      pass();
    }

    private void pass() {
      cancelTimer(Done.getInstance());
      var element = held;
      held = Optional.empty();
      element.ifPresent(passing -> push(out, passing));
      if (isClosed(in)) completeStage();
    }

    @Override
    public void postStop() {
      forget.run();
    }
  }
}
