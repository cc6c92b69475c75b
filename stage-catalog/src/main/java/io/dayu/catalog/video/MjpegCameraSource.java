package io.dayu.catalog.video;

import io.dayu.catalog.BlockingReader;
import io.dayu.element.MediaType;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceEnd;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.util.function.UnaryOperator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A camera that sends JPEG images over HTTP: for as long as one listens ({@code
 * multipart/x-mixed-replace}), or one for each request, which is then repeated ({@code every}). The
 * path's ending or {@code format} tells that it is one; how it sends them tells its answer.
 *
 * <p>It reads the stream itself instead of through FFmpeg: the images stay as the camera made them,
 * where decoding and encoding again would cost an edge node 2 to 4 ms a frame, and no natives are
 * loaded unless a frame has to be scaled. Time-outs are exact for the same reason.
 *
 * <p>It holds no frame back and gives none up: between two frames of rate {@code fps} the others
 * are skipped as that knob says, and each one taken is pushed. If nobody asks for more, it stops
 * reading, the socket fills and the camera notices; the generator prevents that by always asking a
 * live source and shedding, counted, what it cannot place. A frame that is not a whole JPEG image
 * is handed on as it is, with its size unknown, so that it is counted and fails where it is
 * decoded.
 *
 * <p>Asked to end, it hangs up and gives what it has read, the frames of an element that is not
 * full among it.
 *
 * <p>A lost connection, silence for longer than {@code timeout} and an answer that holds no picture
 * fail it with a cause that is not permanent: cameras come back. While a connection is open, it
 * occupies one thread of the dispatcher for blocking.
 */
public final class MjpegCameraSource implements SourceProvider {
  private final UnaryOperator<String> environment;

  public MjpegCameraSource() {
    this(System::getenv);
  }

  /**
   * @param environment looks an environment variable up; null if it is not set
   */
  MjpegCameraSource(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "mjpeg-camera",
        "Frames of a camera that sends MJPEG over HTTP, or single pictures with ?every=1s",
        MediaType.FRAMES,
        VideoKnobs.ALL,
        true,
        Repeat.NONE,
        "http://camera.example/video.cgi?format=mjpeg");
  }

  @Override
  public boolean claims(URI uri) {
    return CameraRequest.claims(uri);
  }

  @Override
  public void check(URI uri) {
    var unused = CameraRequest.of(uri);
  }

  /** One connection after the other; a camera that sends a stream needs only one. */
  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    var ending = SourceEnd.of(context);
    return Source.lazySource(
            () -> {
              var camera = new Camera(context, environment);
              return Source.repeat(camera)
                  .via(ending.after(() -> again -> again.untilDue().toNanos()))
                  .takeWhile(due -> !ending.isAsked())
                  .flatMapConcat(
                      due -> BlockingReader.source(ending, stop -> new MjpegReader(due, stop)));
            })
        .mapMaterializedValue(opened -> NotUsed.getInstance());
  }
}
