package io.dayu.catalog.video;

import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Media;
import java.util.List;
import org.bytedeco.opencv.opencv_core.Mat;

/** Work that finds boxes in frames. */
abstract class BoxWork extends FrameWork<List<Box>> {
  /** Frames may come smaller than they are, but not smaller than that, in pixels. */
  BoxWork(int width, int height) {
    super(Images.Decoding.colorOfAtLeast(width, height));
  }

  /** Frames as they come to other work. */
  BoxWork(BoxWork other) {
    super(other);
  }

  /** The boxes in one BGR image, in fractions of it. */
  abstract List<Box> boxes(Mat image);

  @Override
  final List<Box> frame(int index, Mat image) {
    return boxes(image).stream().map(b -> b.toBuilder().setFrame(index).build()).toList();
  }

  @Override
  final Media output(List<List<Box>> results) {
    var boxes = Boxes.newBuilder();
    results.forEach(boxes::addAllBox);
    return Media.newBuilder().setBoxes(boxes).build();
  }
}
