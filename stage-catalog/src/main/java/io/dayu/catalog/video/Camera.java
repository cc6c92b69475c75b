package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.dayu.catalog.Stop;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.source.HttpLogin;
import io.dayu.source.Login;
import io.dayu.source.Segment;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceException;
import io.dayu.source.Target;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A camera while it is read, over all connections to it: what it wants to see of a login, which
 * picture it sent last, and the frames that are not yet an element. Used by one reader after the
 * other.
 */
final class Camera {
  /** How often a camera that sends single pictures is asked, if the URI does not say it. */
  private static final Duration EVERY = Duration.ofSeconds(1);

  /** Some lock a user out who tries a wrong password again and again. */
  private static final Duration AFTER_REFUSAL = Duration.ofMinutes(5);

  private static final Duration LONGEST_WAIT = Duration.ofHours(1);

  /** Each tells something new: which kind of login, and a newer nonce. */
  private static final int REQUESTS = 3;

  private final SourceContext context;
  private final CameraRequest request;
  private final Optional<HttpLogin> login;
  private final Sampler sampler = new Sampler();
  private final long startNanos = System.nanoTime();
  private Frames.Builder frames = Frames.newBuilder();
  private Optional<Long> askedNanos = Optional.empty();
  private final Map<String, String> version = new LinkedHashMap<>(); // headers that ask for news
  private byte[] last = {};

  /**
   * @param environment of the node, to look the login up in
   */
  Camera(SourceContext context, UnaryOperator<String> environment) {
    this.context = context;
    this.request = CameraRequest.of(context.uri());
    // Without a challenge nobody knows whether the camera spares us to send the password.
    this.login =
        request
            .credentials()
            .map(name -> new HttpLogin(Login.of(name, context.uri(), environment), false))
            .or(() -> request.user().flatMap(Login::of).map(user -> new HttpLogin(user, true)));
  }

  CameraRequest request() {
    return request;
  }

  /** How long to wait until it is to be asked again. */
  Duration untilDue() {
    return askedNanos
        .map(at -> request.every().orElse(EVERY).minusNanos(System.nanoTime() - at))
        .filter(wait -> !wait.isNegative())
        .orElse(Duration.ZERO);
  }

  /** An answer that is no refusal. */
  CameraConnection ask(Stop stop) throws IOException {
    askedNanos = Optional.of(System.nanoTime());
    for (int i = 0; ; i++) {
      context.access().check(Target.of(request.address()));
      var sent = login.flatMap(l -> l.authorization("GET", request.address()));
      var headers = new LinkedHashMap<>(version);
      sent.ifPresent(text -> headers.put("Authorization", text));
      var answer = new CameraConnection(request, headers, stop);
      try {
        if (answer.status() != 401) return accepted(answer);
        var challenges = answer.headers("WWW-Authenticate");
        if (i == REQUESTS - 1 || login.filter(l -> l.retry(sent, challenges)).isEmpty())
          throw SourceException.passing(
              named(HttpLogin.refusal(login.isPresent(), challenges)), AFTER_REFUSAL);
      } catch (IOException | RuntimeException e) {
        answer.close();
        throw e;
      }
      answer.close();
    }
  }

  private CameraConnection accepted(CameraConnection answer) throws IOException {
    int status = answer.status();
    var led = answer.header("Location");
    if (status >= 300 && status < 400 && status != 304 && led.isPresent())
      throw new IOException(
          "it leads to %s; write the address of the stream into the uri"
              .formatted(shown(led.get())));
    if (status != 200 && status != 204 && status != 304) {
      var wait = answer.header("Retry-After").filter(s -> s.matches("\\d{1,9}")).map(Long::valueOf);
      throw SourceException.passing(
          named(
              "it answers with status "
                  + status
                  + wait.map(s -> " and asks to wait " + s + " s").orElse("")),
          wait.map(Duration::ofSeconds)
              .map(asked -> asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked)
              .orElse(Duration.ZERO));
    }
    return answer;
  }

  private String shown(String location) {
    try {
      return ShownUri.of(request.address().resolve(location));
    } catch (IllegalArgumentException e) {
      return "another address";
    }
  }

  /** There was nothing new: it can be read nevertheless. */
  void unchanged() {
    context.reached().run();
  }

  /**
   * Whether a single picture is another one than the last, which a camera sends until it takes the
   * next.
   */
  boolean isNew(byte[] jpeg) {
    if (Arrays.equals(jpeg, last)) {
      unchanged();
      return false;
    }
    last = jpeg;
    return true;
  }

  /** The whole picture of this answer has come: the camera need not send it again. */
  void complete(CameraConnection answer) {
    version.clear();
    answer.header("ETag").ifPresent(tag -> version.put("If-None-Match", tag));
    answer.header("Last-Modified").ifPresent(time -> version.put("If-Modified-Since", time));
  }

  /** Takes a picture, if it is its turn; the element that is full with it. */
  Optional<Segment> add(byte[] jpeg) {
    var now = VideoKnobs.of(context.knobs().get());
    var micros = (System.nanoTime() - startNanos) / 1000;
    if (sampler.take(micros, now.fps()))
      frames.addFrame(frame(UnsafeByteOperations.unsafeWrap(jpeg), now, micros / 1000));
    if (frames.getFrameCount() < now.segment() && bytes() < VideoKnobs.MAX_BYTES)
      return Optional.empty();
    return Optional.of(whole(now));
  }

  /** The frames that wait for the rest of their element, once there will be none. */
  Optional<Segment> rest() {
    return frames.getFrameCount() == 0
        ? Optional.empty()
        : Optional.of(whole(VideoKnobs.of(context.knobs().get())));
  }

  private Segment whole(VideoKnobs now) {
    var full = frames.setFps(now.fps());
    frames = Frames.newBuilder();
    return new Segment(Media.newBuilder().setFrames(full).build(), 0);
  }

  /** Of the frames that wait for the rest of their element. */
  private long bytes() {
    return frames.getFrameList().stream().mapToLong(f -> f.getJpeg().size()).sum();
  }

  private static Frame frame(ByteString jpeg, VideoKnobs now, long offsetMs) {
    var frame = Frame.newBuilder().setOffsetMs(offsetMs).setJpeg(jpeg);
    try {
      var size = Jpeg.read(jpeg.asReadOnlyByteBuffer());
      if (!now.scales(size.height()))
        return frame.setWidth(size.width()).setHeight(size.height()).build();
      try (var picture = Images.decode(jpeg, Images.Decoding.COLOR);
          var small =
              Images.resized(
                  picture.image(),
                  Images.widthAt(picture.image().cols(), picture.image().rows(), now.height()),
                  now.height())) {
        return frame
            .setJpeg(Images.encode(small))
            .setWidth(small.cols())
            .setHeight(small.rows())
            .build();
      }
    } catch (BadFrameException e) {
      return frame.build(); // it goes on as it is, and fails, visibly, where it is decoded
    }
  }

  SourceException failure(Exception cause) {
    if (cause instanceof SourceException known) return known;
    var why = Causes.words(cause);
    var longer = "; %s=30s in the uri waits longer".formatted(CameraRequest.TIMEOUT);
    return new SourceException(
        named(cause instanceof SocketTimeoutException ? why + longer : why), false, cause);
  }

  private String named(String why) {
    return "the camera %s cannot be read: %s".formatted(ShownUri.of(context.uri()), why);
  }
}
