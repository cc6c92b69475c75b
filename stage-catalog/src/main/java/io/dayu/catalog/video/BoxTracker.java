package io.dayu.catalog.video;

import io.dayu.catalog.Checked;
import io.dayu.catalog.StreamStates;
import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Output;
import io.dayu.stage.Outcome;
import io.dayu.stage.Parameter;
import io.dayu.stage.Params;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Recognises the same object in successive frames and numbers it, within a stream and as long as
 * its elements pass this instance. It reads all boxes found by earlier stages and no frames.
 */
public final class BoxTracker implements StageProvider {
  /** Of whatever numbers objects. */
  static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.optional(
              "minOverlap",
              Parameter.Type.NUMBER,
              0.2,
              "intersection over union from which two boxes are one object, between 0 and 1"),
          Parameter.optional(
              "maxGap",
              Parameter.Type.NUMBER,
              10.0,
              "frames that an object may be out of sight, up to 1000"));

  private static final int STREAMS = 256;

  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "box-tracker",
        "1",
        "Gives the boxes of one object over time the same track number",
        Set.of(),
        Set.of(MediaType.BOXES),
        MediaType.BOXES,
        PARAMETERS,
        1,
        5);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Checked.create(
        () -> {
          var tracks = tracks(context.params());
          return Stages.using(() -> new Tracker(tracks));
        });
  }

  /** Tracks as the parameters want them, of a new stream each. */
  static Supplier<Tracks> tracks(Params params) {
    var minOverlap = (float) Checked.within("minOverlap", params.number("minOverlap"), 0.01, 1);
    var maxGap = (int) Checked.within("maxGap", params.number("maxGap"), 0, 1000);
    return () -> new Tracks(minOverlap, maxGap);
  }

  private static final class Tracker implements Stages.Resource {
    private final StreamStates<Tracks> streams;

    private Tracker(Supplier<Tracks> tracks) {
      streams = new StreamStates<>(STREAMS, tracks, t -> {});
    }

    @Override
    public Outcome apply(Element element) {
      var turn = streams.turn(element);
      var found = found(element);
      var frames = 1 + found.stream().mapToInt(Box::getFrame).max().orElse(0);
      var tracked = Boxes.newBuilder();
      for (var i = 0; i < frames; i++) {
        var frame = i;
        var boxes = found.stream().filter(b -> b.getFrame() == frame).toList();
        tracked.addAllBox(
            turn.fresh()
                ? turn.state().observe(boxes, i == 0 ? turn.step() : 1, element.getSeq())
                : turn.state().recall(boxes));
      }
      return Stages.output(Media.newBuilder().setBoxes(tracked).build());
    }

    private static List<Box> found(Element element) {
      return element.getOutputsList().stream()
          .sorted(Comparator.comparing(Output::getStage))
          .flatMap(output -> output.getMedia().getBoxes().getBoxList().stream())
          .toList();
    }

    @Override
    public void close() {
      streams.close();
    }
  }
}
