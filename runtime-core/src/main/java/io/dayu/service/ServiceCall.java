package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaJson;
import io.dayu.element.MediaRules;
import io.dayu.element.MediaType;
import io.dayu.element.Wav;
import io.dayu.stage.Outcome;
import io.dayu.stage.SideInput;
import io.dayu.stage.SideInputs;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** One element on its way to a service and back. */
class ServiceCall {
  /**
   * What the calls of a stage have in common.
   *
   * @param params of an element as JSON; empty if there are none
   * @param side its side inputs
   */
  record Stage(String id, Function<Element, Optional<String>> params, SideInputs side) {
    /**
     * @throws IllegalArgumentException if its parameters do not fit into a header
     */
    static Stage of(StageContext context) {
      return new Stage(context.stage(), new ParamsAsJson(context), context.side());
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

  /** The element does not fit the service. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  private final Element element;
  private final Stage stage;
  private final Optional<String> params;
  private final long deadlineNanos;
  private final SortedMap<String, SideInput> sides = new TreeMap<>();
  private final CompletableFuture<Outcome> answer = new CompletableFuture<>();

  /**
   * @throws java.util.NoSuchElementException if a side input, or a dynamic parameter, is not here
   *     in the element's version
   * @throws IllegalArgumentException if its parameters do not fit into a header
   */
  ServiceCall(Element element, Stage stage, long deadlineNanos) {
    this.element = element;
    this.stage = stage;
    this.params = stage.params().apply(element);
    this.deadlineNanos = deadlineNanos;
    for (var name : stage.side().names()) sides.put(name, stage.side().get(element, name));
  }

  /** What its stage reads besides it, by name. */
  SortedMap<String, SideInput> sides() {
    return sides;
  }

  Element element() {
    return element;
  }

  Stage stage() {
    return stage;
  }

  /** Of its stage, in the element's version. */
  Optional<String> params() {
    return params;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  CompletableFuture<Outcome> answer() {
    return answer;
  }

  /** Of this element, attempt and part; differs within a stream only. */
  String id() {
    var id = element.getSeq() + "." + element.getAttempt();
    return element.getPart() == 0 ? id : id + "." + element.getPart();
  }

  /**
   * What a stage of this description reads of an element, in the first form that fits; empty if
   * none does. Named inputs stand under their names already ({@link io.dayu.stage.Inputs#named}).
   */
  static Optional<Body> body(Element element, ServiceDescription description) {
    return form(element, description).map(type -> body(type, element, description.descriptor()));
  }

  /** The first form that fits. */
  static Optional<ContentType> form(Element element, ServiceDescription description) {
    boolean payload = description.descriptor().readsPayload() && element.hasPayload();
    var media = element.getPayload();
    return description.accepts().stream()
        .filter(
            type ->
                switch (type) {
                  case JPEG ->
                      payload && media.hasFrames() && media.getFrames().getFrameCount() == 1;
                  case BYTES -> payload && media.getKindCase() == Media.KindCase.OPAQUE;
                  case WAV ->
                      payload && media.hasAudio() && media.getAudio().getContentType().isEmpty();
                  case JSON, PROTOBUF -> true;
                  case TEXT -> false; // of answers only
                })
        .findFirst();
  }

  /** In a form that fits. */
  static Body body(ContentType type, Element element, StageDescriptor descriptor) {
    boolean payload = descriptor.readsPayload() && element.hasPayload();
    var media = element.getPayload();
    return switch (type) {
      case JPEG -> new Body(type, media.getFrames().getFrame(0).getJpeg().toByteArray());
      case BYTES -> new Body(type, header(media.getContentType()), media.getOpaque().toByteArray());
      case WAV -> new Body(type, Wav.write(media.getAudio()));
      case JSON -> new Body(type, json(element, descriptor, payload));
      case PROTOBUF -> new Body(type, sent(element, descriptor).build().toByteArray());
      case TEXT -> throw new IllegalArgumentException("elements do not go as text");
    };
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

  /** Which element it is. */
  static Element.Builder identity(Element element) {
    return Element.newBuilder()
        .setStream(element.getStream())
        .setSeq(element.getSeq())
        .setAttempt(element.getAttempt());
  }

  /** Which element it is, and what a stage reads of it. */
  static Element.Builder sent(Element element, StageDescriptor descriptor) {
    var sent = identity(element);
    if (descriptor.readsPayload() && element.hasPayload()) sent.setPayload(element.getPayload());
    for (var output : element.getOutputsList())
      if (reads(descriptor, output.getMedia())) sent.addOutputs(output);
    return sent;
  }

  private static boolean reads(StageDescriptor descriptor, Media output) {
    return descriptor.inputs().contains(MediaType.of(output));
  }
}
