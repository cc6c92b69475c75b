package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.source.Knobs;
import io.dayu.source.Segment;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/** One connection to a camera. Blocking; not thread-safe. */
final class MjpegReader implements BlockingReader {
  /** How long a camera may take to connect, to answer and to send one frame, in milliseconds. */
  static final int SILENCE_MS = 5000;

  private final String camera;
  private final Supplier<Knobs> knobs;
  private final HttpURLConnection connection;
  private final MultipartStream parts;
  private final Sampler sampler = new Sampler();
  private final long startNanos = System.nanoTime();

  MjpegReader(URI uri, Supplier<Knobs> knobs) {
    this.camera = ShownUri.of(uri);
    this.knobs = knobs;
    try {
      // Not java.net.http: it has no time limit for the body, which is what is needed here.
      connection = (HttpURLConnection) uri.toURL().openConnection();
    } catch (IOException | IllegalArgumentException e) {
      throw new SourceException("the camera " + camera + " has no valid address", true, e);
    }
    connection.setConnectTimeout(SILENCE_MS);
    connection.setReadTimeout(SILENCE_MS);
    connection.setUseCaches(false);
    // It would send the password on, and lead to hosts that the node may not read from.
    connection.setInstanceFollowRedirects(false);
    if (uri.getUserInfo() != null)
      connection.setRequestProperty("Authorization", "Basic " + encoded(uri.getUserInfo()));
    try {
      var boundary = boundary();
      parts = new MultipartStream(connection.getInputStream(), boundary, SILENCE_MS);
    } catch (IOException | RuntimeException e) {
      connection.disconnect();
      throw failure(e);
    }
  }

  /** A live source never ends by itself. */
  @Override
  public Optional<Segment> next() {
    var now = VideoKnobs.of(knobs.get());
    var frames = Frames.newBuilder().setFps(now.fps());
    try {
      while (frames.getFrameCount() < now.segment()) frames.addFrame(pick(now));
    } catch (IOException e) {
      throw failure(e);
    }
    return Optional.of(new Segment(Media.newBuilder().setFrames(frames).build(), 0));
  }

  @Override
  public void close() {
    connection.disconnect();
  }

  private Frame pick(VideoKnobs now) throws IOException {
    while (true) {
      var jpeg = parts.next();
      var micros = (System.nanoTime() - startNanos) / 1000;
      if (sampler.take(micros, now.fps()))
        return frame(UnsafeByteOperations.unsafeWrap(jpeg), now, micros / 1000);
    }
  }

  private static Frame frame(ByteString jpeg, VideoKnobs now, long offsetMs) {
    var frame = Frame.newBuilder().setOffsetMs(offsetMs).setJpeg(jpeg);
    try {
      var size = Jpeg.read(jpeg.asReadOnlyByteBuffer());
      if (!now.scales(size.height()))
        return frame.setWidth(size.width()).setHeight(size.height()).build();
      try (var image = Images.decode(jpeg, Images.Decoding.COLOR);
          var small =
              Images.resized(
                  image, Images.widthAt(image.cols(), image.rows(), now.height()), now.height())) {
        return frame
            .setJpeg(Images.encode(small))
            .setWidth(small.cols())
            .setHeight(small.rows())
            .build();
      }
    } catch (BadFrameException e) {
      return frame.build(); // it fails, visibly, where it is decoded
    }
  }

  private String boundary() throws IOException {
    var status = connection.getResponseCode();
    var led = connection.getHeaderField("Location");
    if (status >= 300 && status < 400 && led != null)
      throw new IOException(
          "it leads to %s; write the address of the stream into the uri".formatted(shown(led)));
    if (status != HttpURLConnection.HTTP_OK)
      throw new IOException("it answers with status " + status);
    var type = Optional.ofNullable(connection.getContentType()).orElse("no content type");
    if (!type.toLowerCase(Locale.ROOT).startsWith("multipart/"))
      throw new IOException("it answers with " + type + " instead of a multipart stream");
    return MultipartStream.boundary(type);
  }

  private String shown(String location) {
    try {
      return ShownUri.of(connection.getURL().toURI().resolve(location));
    } catch (URISyntaxException | IllegalArgumentException e) {
      return "another address";
    }
  }

  private SourceException failure(Exception cause) {
    var why =
        cause instanceof SocketTimeoutException
            ? String.format(Locale.ROOT, "it sent nothing for %.1f s", SILENCE_MS / 1000.0)
            : Optional.ofNullable(cause.getMessage()).orElse(cause.toString());
    return new SourceException("the camera " + camera + " cannot be read: " + why, false, cause);
  }

  private static String encoded(String userInfo) {
    return Base64.getEncoder().encodeToString(userInfo.getBytes(StandardCharsets.UTF_8));
  }
}
