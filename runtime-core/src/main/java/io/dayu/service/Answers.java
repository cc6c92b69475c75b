package io.dayu.service;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.element.Audio;
import io.dayu.element.Element;
import io.dayu.element.Frame;
import io.dayu.element.Frames;
import io.dayu.element.Media;
import io.dayu.element.MediaJson;
import io.dayu.element.MediaJson.UnreadableMedia;
import io.dayu.element.MediaRules;
import io.dayu.element.MediaType;
import io.dayu.element.Text;
import io.dayu.element.Wav;
import io.dayu.stage.Causes;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageDescriptor;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** What the answers of services mean. Stateless and safe for any thread. */
final class Answers {
  private Answers() {}

  /** An answer that has come. */
  record Answer(int status, HttpHeaders headers, byte[] body) {}

  /** The outcome for the one element that was sent. */
  static CallEnd outcome(Answer answer, StageDescriptor descriptor, Element element) {
    if (answer.status() == 204) return CallEnd.answered(new Outcome.Skip(reasonOfSkip(answer)));
    if (answer.status() / 100 != 2) return failed(answer);
    return outcome(
        answer.headers().firstValue("content-type").orElse(""), answer.body(), descriptor, element);
  }

  /** The outcome of an output in a form of HTTP. */
  static CallEnd outcome(
      String contentType, byte[] body, StageDescriptor descriptor, Element element) {
    try {
      return output(media(contentType, body, element, descriptor.output()), descriptor);
    } catch (UnreadableMedia e) {
      return CallEnd.unreadable("the service's answer cannot be read: " + e.getMessage(), true);
    }
  }

  /** Outcomes of the elements of a batch, by id; one that is missing has no answer. */
  static Map<String, CallEnd> outcomes(Answer answer, StageDescriptor descriptor)
      throws UnreadableMedia {
    var outcomes = new HashMap<String, CallEnd>();
    if (!(json(answer.body()) instanceof List<?> list))
      throw new UnreadableMedia("it is no JSON array, as the answer to a batch has to be");
    for (var item : list)
      if (item instanceof Map<?, ?> map && map.get("id") instanceof String id)
        outcomes.putIfAbsent(id, outcome(map, descriptor));
    return outcomes;
  }

  private static CallEnd outcome(Map<?, ?> map, StageDescriptor descriptor) {
    if (map.get("skip") instanceof String reason)
      return CallEnd.answered(new Outcome.Skip(Causes.cut(reason)));
    if (map.get("failed") instanceof String reason)
      return CallEnd.failed(reason, Boolean.TRUE.equals(map.get("retryable")));
    try {
      return output(MediaJson.read(map.get("output")), descriptor);
    } catch (UnreadableMedia e) {
      return CallEnd.unreadable("the service's answer cannot be read: " + e.getMessage(), true);
    }
  }

  static CallEnd output(Media media, StageDescriptor descriptor) {
    var type = MediaType.of(media);
    if (type == descriptor.output()) return CallEnd.answered(new Outcome.Output(media));
    return CallEnd.unreadable(
        "the service gave %s, its description says %s"
            .formatted(type.word(), descriptor.output().word()),
        false);
  }

  /** Of any status but 2xx. */
  static CallEnd failed(Answer answer) {
    int status = answer.status();
    if (status / 100 == 3)
      return CallEnd.failed(
          "the service redirects to %s; give its own url"
              .formatted(answer.headers().firstValue("location").orElse("nowhere")),
          false);
    if (status < 200 || status >= 600)
      return CallEnd.failed("the service answered with status " + status, false);
    return CallEnd.failed(reason(answer), isRetryable(status));
  }

  static boolean isRetryable(int status) {
    return status >= 500 || status == 408 || status == 425 || status == 429;
  }

  /** Whether the service as a whole asks not to be called for a while. */
  static boolean asksToWait(int status) {
    return status == 503 || status == 429;
  }

  /** How long; empty if it does not say. */
  static Optional<Duration> wait(HttpHeaders headers) {
    OptionalLong seconds;
    try {
      seconds = headers.firstValueAsLong("retry-after");
    } catch (NumberFormatException e) {
      return Optional.empty(); // a date, or anything
    }
    if (seconds.isEmpty() || seconds.getAsLong() < 0) return Optional.empty();
    return Optional.of(
        Duration.ofSeconds(Math.min(seconds.getAsLong(), Watch.LONGEST_WAIT.toSeconds())));
  }

  private static String reasonOfSkip(Answer answer) {
    return answer
        .headers()
        .firstValue("dayu-reason")
        .map(Causes::cut)
        .filter(reason -> !reason.isBlank())
        .orElse("skipped by the service");
  }

  private static String reason(Answer answer) {
    var text = new String(answer.body(), StandardCharsets.UTF_8).strip();
    var type = answer.headers().firstValue("content-type").orElse("");
    if (type.contains("json"))
      try {
        var tree = Json.tree(answer.body());
        for (var field : List.of("detail", "title"))
          if (tree.path(field).isTextual() && !tree.path(field).textValue().isBlank())
            return tree.path(field).textValue();
      } catch (IOException notJson) {
        // Then it is told as it came.
      }
    // A web page says nothing that fits into a line.
    if (text.isEmpty() || type.contains("html"))
      return "the service answered with status " + answer.status();
    return text;
  }

  private static Media media(String header, byte[] body, Element element, MediaType output)
      throws UnreadableMedia {
    var type = ContentType.ofHeader(header);
    if (output == MediaType.OPAQUE && !isEnvelope(type) && MediaRules.isContentType(header))
      return opaque(body, type.equals(Optional.of(ContentType.BYTES)) ? "" : header);
    if (output == MediaType.AUDIO
        && type.isEmpty()
        && ContentType.name(header).startsWith("audio/")
        && MediaRules.isContentType(header)) return encoded(body, header, element);
    if (type.isEmpty())
      throw unreadable(
          header.isEmpty()
              ? "it has no content type"
              : "content type %s is none of %s, text/plain"
                  .formatted(Causes.cut(header), ContentType.names()));
    return switch (type.get()) {
      case JSON -> MediaJson.read(json(body));
      case PROTOBUF -> protobuf(body);
      case BYTES -> opaque(body, "");
      case WAV -> sound(body, element);
      case JPEG -> frame(body, element);
      case TEXT ->
          Media.newBuilder()
              .setText(Text.newBuilder().addAllLine(text(body).lines().toList()))
              .build();
    };
  }

  /** Whether an answer says itself which media it holds. */
  private static boolean isEnvelope(Optional<ContentType> type) {
    return type.filter(t -> t == ContentType.JSON || t == ContentType.PROTOBUF).isPresent();
  }

  private static Media opaque(byte[] body, String contentType) {
    return Media.newBuilder()
        .setOpaque(ByteString.copyFrom(body))
        .setContentType(contentType)
        .build();
  }

  /** Of another encoding than {@link Wav} reads: as it came. At the time of what was sent. */
  private static Media encoded(byte[] body, String contentType, Element element) {
    return Media.newBuilder()
        .setAudio(
            Audio.newBuilder()
                .setData(ByteString.copyFrom(body))
                .setContentType(contentType)
                .setOffsetMs(element.getPayload().getAudio().getOffsetMs()))
        .build();
  }

  private static Media sound(byte[] body, Element element) throws UnreadableMedia {
    var audio =
        Wav.read(body)
            .orElseThrow(() -> unreadable("it says audio/wav and is no WAV of 16-bit samples"));
    long offset = element.getPayload().getAudio().getOffsetMs();
    return checked(Media.newBuilder().setAudio(audio.toBuilder().setOffsetMs(offset)).build());
  }

  private static Object json(byte[] body) throws UnreadableMedia {
    try {
      var tree = Json.plain(body);
      if (tree == null) throw unreadable("it is null");
      return tree;
    } catch (IOException e) {
      throw unreadable("it is no JSON");
    }
  }

  private static Media protobuf(byte[] body) throws UnreadableMedia {
    try {
      var media = Media.parseFrom(body);
      if (media.getKindCase() == Media.KindCase.KIND_NOT_SET)
        throw unreadable("it is an empty Media");
      return checked(media);
    } catch (InvalidProtocolBufferException e) {
      throw unreadable("it is no Media");
    }
  }

  private static Media checked(Media media) throws UnreadableMedia {
    var problem = MediaRules.problem(media);
    if (problem.isPresent()) throw unreadable(problem.get());
    return media;
  }

  private static String text(byte[] body) throws UnreadableMedia {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw unreadable("its text is not UTF-8");
    }
  }

  /** At the time of the frame that was sent. */
  private static Media frame(byte[] body, Element element) throws UnreadableMedia {
    var size = JpegSize.of(body).orElseThrow(() -> unreadable("it says image/jpeg and is no JPEG"));
    var sent = element.getPayload().getFrames();
    var frame =
        Frame.newBuilder()
            .setJpeg(ByteString.copyFrom(body))
            .setWidth(size.width())
            .setHeight(size.height());
    if (sent.getFrameCount() > 0) frame.setOffsetMs(sent.getFrame(0).getOffsetMs());
    return Media.newBuilder()
        .setFrames(Frames.newBuilder().addFrame(frame).setFps(sent.getFps()))
        .build();
  }

  private static UnreadableMedia unreadable(String why) {
    return new UnreadableMedia(why);
  }
}
