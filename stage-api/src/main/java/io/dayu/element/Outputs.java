package io.dayu.element;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The outputs of an element by stage. An element has few, so they are searched one by one. */
public final class Outputs {
  private Outputs() {}

  /** The output of a stage, if it has worked on the element. */
  public static Optional<Media> find(Element element, String stage) {
    for (var output : element.getOutputsList())
      if (output.getStage().equals(stage)) return Optional.of(output.getMedia());
    return Optional.empty();
  }

  /**
   * The output of a stage that comes before the caller's.
   *
   * @throws NoSuchElementException if that stage has not worked on the element
   */
  public static Media get(Element element, String stage) {
    return find(element, stage)
        .orElseThrow(
            () -> new NoSuchElementException("the element has no output of stage " + stage));
  }

  /** Whether a stage has worked on the element. */
  public static boolean has(Element element, String stage) {
    for (var output : element.getOutputsList()) if (output.getStage().equals(stage)) return true;
    return false;
  }

  /** What a stage has put out, to be added to an element. */
  public static Output of(String stage, Media media) {
    return Output.newBuilder().setStage(stage).setMedia(media).build();
  }

  /** Adds the output of a stage, or replaces the one that is there. */
  @CanIgnoreReturnValue
  public static Element.Builder put(Element.Builder element, String stage, Media media) {
    var output = of(stage, media);
    for (int i = 0; i < element.getOutputsCount(); i++)
      if (element.getOutputs(i).getStage().equals(stage)) return element.setOutputs(i, output);
    return element.addOutputs(output);
  }
}
