package com.example;

import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Reading;
import io.dayu.element.Readings;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Labels the sensors whose quick mean is above their slow one, with the difference: they rise. The
 * two means are outputs of equal type, so they have names here; a pipeline says which stages give
 * them.
 */
public final class Crossover implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "crossover",
        "1",
        "Labels sensors whose quick mean is above their slow one",
        Set.of(), // what it reads of the payload
        Set.of(), // what it reads of earlier outputs whatever they are called
        List.of(
            NamedInput.required("quick", MediaType.READINGS),
            NamedInput.required("slow", MediaType.READINGS)),
        MediaType.LABELS, // its own output
        List.of(), // parameters
        1, // elements an instance works on at once
        16); // memory of an instance in MB
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    var inputs = context.inputs();
    return Stages.sync(
        element ->
            compare(
                inputs.get(element, "quick").getReadings(),
                inputs.get(element, "slow").getReadings()));
  }

  private static Outcome compare(Readings quick, Readings slow) {
    var means = new TreeMap<String, Double>();
    for (Reading reading : slow.getReadingList())
      means.put(reading.getSensor(), reading.getValue());
    var rising = Labels.newBuilder();
    for (Reading reading : quick.getReadingList()) {
      double above =
          reading.getValue() - means.getOrDefault(reading.getSensor(), reading.getValue());
      if (above > 0)
        rising.addLabel(Label.newBuilder().setName(reading.getSensor()).setValue(above));
    }
    if (rising.getLabelCount() == 0) return new Outcome.Skip("nothing rises");
    return Stages.output(Media.newBuilder().setLabels(rising).build());
  }
}
