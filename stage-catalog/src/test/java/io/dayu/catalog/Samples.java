package io.dayu.catalog;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Elements of one stream, and the media they are made of. */
public final class Samples {
  private Samples() {}

  public static Element element(long seq, Media payload) {
    return Element.newBuilder()
        .setStream("pipeline/source")
        .setSeq(seq)
        .setAttempt(1)
        .setPayload(payload)
        .build();
  }

  public static Element after(long seq, String stage, Media output) {
    return Element.newBuilder()
        .setStream("pipeline/source")
        .setSeq(seq)
        .setAttempt(1)
        .addOutputs(Outputs.of(stage, output))
        .build();
  }

  public static Media frames(ByteString... jpegs) {
    return Media.newBuilder()
        .setFrames(
            Frames.newBuilder()
                .addAllFrame(
                    Stream.of(jpegs).map(j -> Frame.newBuilder().setJpeg(j).build()).toList()))
        .build();
  }

  /** A file that the build fetched, see models/README.md. */
  public static Path media(String name) {
    return Path.of("target", "test-media", name);
  }

  public static ByteString jpeg(String name) throws IOException {
    return ByteString.copyFrom(Files.readAllBytes(media(name)));
  }
}
