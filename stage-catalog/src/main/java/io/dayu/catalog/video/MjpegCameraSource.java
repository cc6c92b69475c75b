package io.dayu.catalog.video;

import io.dayu.element.MediaType;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A camera that sends JPEG images over HTTP for as long as one listens ({@code
 * multipart/x-mixed-replace}).
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
 * <p>A lost connection, silence of {@value MjpegReader#SILENCE_MS} ms and an answer that is no
 * stream fail it with a cause that is not permanent: cameras come back. While open, it occupies one
 * thread of the dispatcher for blocking.
 */
public final class MjpegCameraSource implements SourceProvider {
  private static final Set<String> SCHEMES = Set.of("http", "https");

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "mjpeg-camera",
        "Frames of a camera that sends MJPEG over HTTP",
        MediaType.FRAMES,
        VideoKnobs.ALL,
        true,
        Repeat.NONE,
        "http://camera.example/video.mjpeg");
  }

  @Override
  public boolean claims(URI uri) {
    if (uri.getScheme() == null || uri.getPath() == null || uri.getHost() == null) return false;
    var path = uri.getPath().toLowerCase(Locale.ROOT);
    return SCHEMES.contains(uri.getScheme().toLowerCase(Locale.ROOT))
        && (path.endsWith(".mjpeg") || path.endsWith(".mjpg"));
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    return BlockingReader.source(stop -> new MjpegReader(context.uri(), context.knobs()));
  }
}
