package io.dayu.catalog.video;

import io.dayu.catalog.model.Tensor;
import java.util.List;
import org.bytedeco.opencv.opencv_core.Mat;

/** A model of one's own with the input of one instance. Not thread-safe. */
interface PictureRunner extends AutoCloseable {
  /** Of the input, in pixels. */
  int width();

  /** The same. */
  int height();

  /** Puts a BGR image into the input; whoever calls holds an open scope for natives. */
  PictureInput.Canvas fill(Mat image);

  /** Runs the model on what is in the input, which is black at first. */
  List<Tensor> run();

  @Override
  void close();
}
