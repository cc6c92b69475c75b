package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.dayu.stage.Outcome;
import io.dayu.stage.testkit.Elements;
import io.dayu.stage.testkit.StageTestKit;
import java.util.Map;
import org.junit.jupiter.api.Test;

class {CLASS}Test {
  @Test
  void countsReadingsAboveTheLimit() {
    try (var kit = StageTestKit.start(new {CLASS}(), Map.of("limit", 30))) {
      var labels = kit.output(Elements.readings("oven", 29, 31, 35)).getLabels();
      assertEquals(2, labels.getLabel(0).getValue());
      assertInstanceOf(Outcome.Skip.class, kit.process(Elements.readings("oven", 20)));
    }
  }
}
