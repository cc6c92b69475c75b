package io.dayu.catalog.video;

import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Label;
import io.dayu.element.Labels;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Output;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.Behavior;

/**
 * Says how many objects of each kind are in an element, once however many frames show them and
 * however many stages found them: tracked boxes count by their tracks, others by the frame that
 * shows most; of several stages' counts the highest holds. Labels of earlier stages are measures
 * already and go on as they are, so that this stage's output sums up the element.
 */
public final class CountByLabel implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "count-by-label",
        "1",
        "Counts boxes by label, each tracked object once; labels of earlier stages go on",
        Set.of(),
        Set.of(MediaType.BOXES, MediaType.LABELS),
        MediaType.LABELS,
        List.of(),
        1,
        1);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Stages.sync(CountByLabel::count);
  }

  private static Outcome count(Element element) {
    var values = new TreeMap<String, Double>();
    element.getOutputsList().stream()
        .map(Output::getMedia)
        .filter(Media::hasLabels)
        .flatMap(m -> m.getLabels().getLabelList().stream())
        .forEach(l -> values.merge(l.getName(), l.getValue(), Math::max));
    element.getOutputsList().stream()
        .map(Output::getMedia)
        .filter(Media::hasBoxes)
        .map(m -> counts(m.getBoxes()))
        .forEach(counts -> counts.forEach((label, n) -> values.merge(label, n, Math::max)));
    return Stages.output(Media.newBuilder().setLabels(labels(values)).build());
  }

  private static Map<String, Double> counts(Boxes boxes) {
    return boxes.getBoxList().stream()
        .collect(
            Collectors.groupingBy(
                Box::getLabel,
                Collectors.collectingAndThen(
                    Collectors.toList(), b -> (double) (tracks(b) + mostInOneFrame(b)))));
  }

  private static long tracks(Collection<Box> boxes) {
    return boxes.stream().mapToLong(Box::getTrack).filter(t -> t != 0).distinct().count();
  }

  private static long mostInOneFrame(Collection<Box> boxes) {
    return boxes.stream()
        .filter(b -> b.getTrack() == 0)
        .collect(Collectors.groupingBy(Box::getFrame, Collectors.counting()))
        .values()
        .stream()
        .mapToLong(Long::longValue)
        .max()
        .orElse(0);
  }

  private static Labels labels(SortedMap<String, Double> values) {
    return Labels.newBuilder()
        .addAllLabel(
            values.entrySet().stream()
                .map(e -> Label.newBuilder().setName(e.getKey()).setValue(e.getValue()).build())
                .toList())
        .build();
  }
}
