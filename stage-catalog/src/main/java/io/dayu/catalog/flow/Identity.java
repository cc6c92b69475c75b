package io.dayu.catalog.flow;

import com.google.protobuf.ByteString;
import io.dayu.catalog.Checked;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.Outcome;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Accepts everything and answers with an empty output, after computing for {@code workMs} of CPU
 * time. Without work an answer is one constant message.
 */
public final class Identity implements StageProvider {
  private static final Outcome EMPTY =
      new Outcome.Output(Media.newBuilder().setOpaque(ByteString.EMPTY).build());
  private static final StageDescriptor DESCRIPTOR =
      new StageDescriptor(
          "identity",
          "1",
          "Does nothing, or keeps a core busy for a while; for trying out routes",
          MediaType.all(),
          MediaType.all(),
          MediaType.OPAQUE,
          List.of(
              Parameter.optional(
                  "workMs", Parameter.Type.NUMBER, 0.0, "CPU time to spend per element, in ms")),
          // With several elements at once, the two changes of threads per element cost no
          // throughput.
          16,
          1);

  @Override
  public StageDescriptor descriptor() {
    return DESCRIPTOR;
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var workMs = Checked.within("workMs", context.params().number("workMs"), 0, 60_000);
          return answering((long) (workMs * 1e6));
        });
  }

  private static Behavior<StageCommand> answering(long workNanos) {
    return Stages.sync(
        element -> {
          if (workNanos > 0) compute(workNanos);
          return EMPTY;
        });
  }

  /** CPU time, not time of day: on a busy node the same work takes longer. */
  private static void compute(long nanos) {
    var threads = ManagementFactory.getThreadMXBean();
    var end = threads.getCurrentThreadCpuTime() + nanos;
    while (threads.getCurrentThreadCpuTime() < end) Thread.onSpinWait();
  }
}
