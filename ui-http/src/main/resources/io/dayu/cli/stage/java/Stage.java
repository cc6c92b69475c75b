package com.example;

import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.Outcome;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/** Counts readings above a limit; elements without one go no further. */
public final class {CLASS} implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "{NAME}",
        "1",
        "Counts readings above a limit",
        Set.of(MediaType.READINGS), // what it reads of the payload
        Set.of(), // what it reads of the outputs of earlier stages
        MediaType.LABELS, // its own output
        List.of(
            Parameter.optional(
                "limit", Parameter.Type.NUMBER, 30, "in the unit of the readings")),
        1, // elements an instance works on at once
        16); // memory of an instance in MB
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    double limit = context.params().number("limit");
    return Stages.sync(
        element -> {
          long above =
              element.getPayload().getReadings().getReadingList().stream()
                  .filter(reading -> reading.getValue() > limit)
                  .count();
          if (above == 0) return new Outcome.Skip("nothing above " + limit);
          var label = Label.newBuilder().setName("above").setValue(above);
          var labels = Labels.newBuilder().addLabel(label);
          return Stages.output(Media.newBuilder().setLabels(labels).build());
        });
  }
}
