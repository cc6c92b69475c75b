package io.dayu.cloud;

import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;

/** Puts out the numbers that its side inputs are; nodes find it on {@link BadStages#classPath}. */
public final class SideStage implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "sees-sides",
        "1",
        "For tests",
        MediaType.all(),
        MediaType.all(),
        MediaType.LABELS,
        List.of(),
        1,
        1);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Stages.sync(
        element -> {
          var labels = Labels.newBuilder();
          for (var name : context.side().names())
            labels.addLabel(
                Label.newBuilder()
                    .setName(name)
                    .setValue(((Number) context.side().get(element, name).value()).doubleValue()));
          return Stages.output(Media.newBuilder().setLabels(labels).build());
        });
  }
}
