package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.dayu.element.Element;
import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.Elements;
import io.dayu.stage.testkit.StageTestKit;
import org.junit.jupiter.api.Test;

class CrossoverTest {
  /** In the kit a named input comes from a stage of its name. */
  private static Element means(double quick, double slow) {
    return Elements.with(
        Elements.of(Elements.readings("oven", quick).getPayload(), "quick"),
        "slow",
        Elements.readings("oven", slow).getPayload());
  }

  @Test
  void labelsWhatRises() {
    try (var kit = StageTestKit.start(new Crossover())) {
      var labels = kit.output(means(31, 29)).getLabels();
      assertEquals("oven", labels.getLabel(0).getName());
      assertEquals(2, labels.getLabel(0).getValue());
      assertInstanceOf(Outcome.Skip.class, kit.process(means(28, 29)));
    }
  }
}
