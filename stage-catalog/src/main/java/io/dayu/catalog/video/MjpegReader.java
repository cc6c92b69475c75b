package io.dayu.catalog.video;

import io.dayu.catalog.BlockingReader;
import io.dayu.catalog.Stop;
import io.dayu.source.Segment;
import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One connection to a camera. It ends by itself only where the camera sends single pictures, which
 * is told by the type of its answer, or by the URI. Blocking; not thread-safe.
 */
final class MjpegReader implements BlockingReader {
  private static final Pattern TYPE = Pattern.compile("\\s*([\\w.+-]{1,40}/[\\w.+-]{1,40})");
  private static final Pattern BOUNDARY =
      Pattern.compile("boundary\\s*=\\s*(?:\"([^\"]+)\"|([^\\s;\"]+))", Pattern.CASE_INSENSITIVE);
  private static final Pattern LENGTH = Pattern.compile("\\d{1,15}");

  private final Camera camera;
  private final Stop stop;
  private final CameraConnection answer;
  private final JpegStream images;
  private final boolean endless; // as multipart says it
  private final boolean single;
  private boolean over;

  MjpegReader(Camera camera, Stop stop) {
    this.camera = camera;
    this.stop = stop;
    try {
      answer = camera.ask(stop);
    } catch (IOException | RuntimeException e) {
      throw camera.failure(e);
    }
    var declared = answer.header("Content-Type").orElse("");
    var type = TYPE.matcher(declared);
    var name = type.lookingAt() ? type.group(1).toLowerCase(Locale.ROOT) : "no content type";
    var length = answer.header("Content-Length").filter(l -> LENGTH.matcher(l).matches());
    endless = name.startsWith("multipart/");
    single =
        camera.request().every().isPresent() || name.startsWith("image/") && length.isPresent();
    // The length is only believed of what is no picture: that one tells itself where it ends.
    boolean page = !endless && !name.startsWith("image/");
    images =
        new JpegStream(
            answer.body(page ? length.map(Long::valueOf).orElse(Long.MAX_VALUE) : Long.MAX_VALUE),
            name,
            camera.request().timeout(),
            boundary(declared));
    over = answer.status() != 200;
    if (over) camera.unchanged();
  }

  /** Without leading dashes, of which cameras write more or fewer than they send. */
  private static String boundary(String contentType) {
    var matcher = BOUNDARY.matcher(contentType);
    if (!matcher.find()) return "";
    var name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    return name.replaceFirst("^-+", "");
  }

  @Override
  public Optional<Segment> next() {
    try {
      while (!over) {
        answer.allow();
        var jpeg = images.next();
        over = single;
        if (single) camera.complete(answer);
        var full = endless || camera.isNew(jpeg) ? camera.add(jpeg) : Optional.<Segment>empty();
        if (full.isPresent()) return full;
      }
      return Optional.empty();
    } catch (EOFException e) {
      if (stop.asked()) return camera.rest();
      if (!endless && images.images() > 0) return Optional.empty();
      throw camera.failure(e);
    } catch (IOException e) {
      if (stop.asked()) return camera.rest();
      throw camera.failure(e);
    }
  }

  @Override
  public void close() {
    answer.close();
  }
}
