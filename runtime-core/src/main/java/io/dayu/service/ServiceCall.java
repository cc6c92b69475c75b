package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaJson;
import io.dayu.element.MediaRules;
import io.dayu.element.MediaType;
import io.dayu.element.Wav;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** One element on its way to a service and back. */
class ServiceCall {
  /** Longer ones many servers refuse. */
  private static final int MAX_PARAMS = 8 << 10;

  /**
   * What the calls of a stage have in common.
   *
   * @param params as JSON; empty if there are none
   */
  record Stage(String id, Optional<String> params) {
    /**
     * @throws IllegalArgumentException if its parameters do not fit into a header
     */
    static Stage of(StageContext context) {
      var values = new TreeMap<>(context.params().values());
      if (values.isEmpty()) return new Stage(context.stage(), Optional.empty());
      var json = Json.ascii(values);
      if (json.length() > MAX_PARAMS)
        throw new IllegalArgumentException(
            "its parameters have %s bytes as JSON; a service gets them in a header, of at most %s bytes"
                .formatted(json.length(), MAX_PARAMS));
      return new Stage(context.stage(), Optional.of(json));
    }
  }

  /**
   * An element in a form that a service takes.
   *
   * @param header its content type, which opaque bytes may have of their own
   */
  record Body(ContentType type, String header, byte[] bytes) {
    Body(ContentType type, byte[] bytes) {
      this(type, type.text(), bytes);
    }
  }

  private final Element element;
  private final Stage stage;
  private final long deadlineNanos;
  private final CompletableFuture<Outcome> answer = new CompletableFuture<>();

  ServiceCall(Element element, Stage stage, long deadlineNanos) {
    this.element = element;
    this.stage = stage;
    this.deadlineNanos = deadlineNanos;
  }

  Element element() {
    return element;
  }

  Stage stage() {
    return stage;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  CompletableFuture<Outcome> answer() {
    return answer;
  }

  /** Of this element and attempt; differs within a stream only. */
  String id() {
    return element.getSeq() + "." + element.getAttempt();
  }

  /**
   * What a stage of this description reads of an element, in the first form that fits; empty if
   * none does. Named inputs stand under their names already ({@link io.dayu.stage.Inputs#named}).
   */
  static Optional<Body> body(Element element, ServiceDescription description) {
    var descriptor = description.descriptor();
    boolean payload = descriptor.readsPayload() && element.hasPayload();
    var media = element.getPayload();
    for (var type : description.accepts())
      switch (type) {
        case JPEG -> {
          if (payload && media.hasFrames() && media.getFrames().getFrameCount() == 1)
            return Optional.of(
                new Body(type, media.getFrames().getFrame(0).getJpeg().toByteArray()));
        }
        case BYTES -> {
          if (payload && media.getKindCase() == Media.KindCase.OPAQUE)
            return Optional.of(
                new Body(type, header(media.getContentType()), media.getOpaque().toByteArray()));
        }
        case WAV -> {
          if (payload && media.hasAudio() && media.getAudio().getContentType().isEmpty())
            return Optional.of(new Body(type, Wav.write(media.getAudio())));
        }
        case JSON -> {
          return Optional.of(new Body(type, json(element, descriptor, payload)));
        }
        case PROTOBUF -> {
          return Optional.of(new Body(type, protobuf(element, descriptor, payload)));
        }
        case TEXT -> {
          // of answers only
        }
      }
    return Optional.empty();
  }

  /** Of opaque bytes; one that says how a body of this contract is to be read is left out. */
  private static String header(String own) {
    boolean free =
        ContentType.ofHeader(own).isEmpty() && !ContentType.name(own).contains("cloudevents");
    return free && MediaRules.isContentType(own) ? own : ContentType.BYTES.text();
  }

  /** Why none of the forms fits, and what to do. */
  static String refusal(Element element, ServiceDescription description) {
    var media = element.getPayload();
    var what =
        media.hasFrames()
            ? "an element of %s frames".formatted(media.getFrames().getFrameCount())
            : element.hasPayload()
                ? "a payload of " + MediaType.of(media).word()
                : "an element without payload";
    return "the service takes %s and got %s; let it accept application/x-protobuf or application/json"
        .formatted(
            String.join(", ", description.accepts().stream().map(ContentType::text).toList()),
            what);
  }

  private static byte[] json(Element element, StageDescriptor descriptor, boolean payload) {
    var tree = new LinkedHashMap<String, Object>();
    if (payload) tree.put("payload", MediaJson.full(element.getPayload()));
    var outputs = new LinkedHashMap<String, Object>();
    for (var output : element.getOutputsList())
      if (reads(descriptor, output.getMedia()))
        outputs.put(output.getStage(), MediaJson.full(output.getMedia()));
    tree.put(descriptor.namedInputs().isEmpty() ? "outputs" : "inputs", outputs);
    return Json.bytes(tree);
  }

  private static byte[] protobuf(Element element, StageDescriptor descriptor, boolean payload) {
    return sent(element, descriptor, payload).build().toByteArray();
  }

  /** What a stage reads of an element, and which one it is. */
  static Element.Builder sent(Element element, StageDescriptor descriptor, boolean payload) {
    var sent =
        Element.newBuilder()
            .setStream(element.getStream())
            .setSeq(element.getSeq())
            .setAttempt(element.getAttempt());
    if (payload) sent.setPayload(element.getPayload());
    for (var output : element.getOutputsList())
      if (reads(descriptor, output.getMedia())) sent.addOutputs(output);
    return sent;
  }

  private static boolean reads(StageDescriptor descriptor, Media output) {
    return descriptor.inputs().contains(MediaType.of(output));
  }
}
