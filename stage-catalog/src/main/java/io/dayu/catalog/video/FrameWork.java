package io.dayu.catalog.video;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.stage.Outcome;
import io.dayu.stage.Stages;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Work on an element's frames one by one. Every native made on the way is closed with its frame; a
 * frame that cannot be decoded fails the element for good.
 */
abstract class FrameWork<R> implements Stages.Resource {
  private final Images.Decoding decoding;

  FrameWork(Images.Decoding decoding) {
    this.decoding = decoding;
  }

  FrameWork(FrameWork<?> other) {
    this(other.decoding);
  }

  /** Called once per element, before its frames. */
  void begin(Element element) {}

  /** The result of one frame; {@code image} and all natives made here are closed afterwards. */
  abstract R frame(int index, Mat image);

  /** The output from the results, in the order of the frames. */
  abstract Media output(List<R> results);

  @Override
  @SuppressWarnings("try") // the scope is there for being closed
  public final Outcome apply(Element element) {
    if (!element.getPayload().hasFrames())
      return new Outcome.Failed(
          "the payload holds no frames but " + element.getPayload().getKindCase(), false);
    begin(element);
    var frames = element.getPayload().getFrames().getFrameList();
    var results = new ArrayList<R>(frames.size());
    for (var i = 0; i < frames.size(); i++) {
      try (var scope = new PointerScope();
          var picture = Images.decode(frames.get(i).getJpeg(), decoding)) {
        results.add(frame(i, picture.image()));
      } catch (BadFrameException e) {
        return new Outcome.Failed("frame " + i + ": " + e.getMessage(), e.retryable());
      }
    }
    return new Outcome.Output(output(results));
  }
}
