package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.DELETE;
import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_JSON;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_OCTET_STREAM;
import static org.apache.pekko.http.javadsl.model.MediaTypes.IMAGE_JPEG;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.element.Media;
import io.dayu.element.MediaJson;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Pick;
import io.dayu.facts.FailedElements.Refused;
import io.dayu.facts.FailedElements.Why;
import io.dayu.http.Endpoint.Call;
import io.dayu.http.FailedShape.Away;
import io.dayu.http.FailedShape.Left;
import io.dayu.http.FailedShape.Retried;
import io.dayu.http.Tokens.Role;
import io.dayu.pipeline.PipelineSpec.SourceSpec;
import io.dayu.pipeline.StreamName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.jspecify.annotations.Nullable;

/**
 * Failed elements that are kept: listed, looked at, sent again and removed. They are at the nodes
 * that read their sources, which are asked for them; one that is cut off is told by name.
 */
final class FailedEndpoints {
  private static final String FAILED = "/api/v1/pipelines/{name}/failed";

  /** The source, and its numbers: those before are done, and those behind are not meant. */
  private static final Pattern CURSOR =
      Pattern.compile("([a-z0-9-]{1,63}):(-1|[0-9]{1,18})(?::(-1|[0-9]{1,18}))?");

  private static final Pattern SEQ = Pattern.compile("[0-9]{1,18}");
  private static final String LIST = "list them with GET /api/v1/pipelines/%s/failed";

  /** Where a request goes on. */
  private record Cursor(String source, long after, long upTo) {
    String text() {
      return source + ":" + after + (upTo < 0 ? "" : ":" + upTo);
    }
  }

  /** A source, and the node that reads it. */
  private record Origin(StreamName stream, String node) {}

  private final ControlPlane control;
  private final RequestBodies bodies;

  FailedEndpoints(ControlPlane control, RequestBodies bodies) {
    this.control = control;
    this.bodies = bodies;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(GET, FAILED, Role.READ, APPLICATION_JSON, this::page),
        new Endpoint(DELETE, FAILED, Role.WRITE, APPLICATION_JSON, this::remove),
        new Endpoint(
            GET,
            FAILED + "/{source}/{seq}",
            Role.READ,
            List.of(IMAGE_JPEG, APPLICATION_JSON, APPLICATION_OCTET_STREAM),
            this::payload),
        new Endpoint(
            POST, "/api/v1/pipelines/{name}/retry", Role.WRITE, APPLICATION_JSON, this::retry));
  }

  private CompletionStage<HttpResponse> page(Call call) {
    int limit = call.number("limit", 100, 1, 1000);
    var after = call.query("after").map(FailedEndpoints::cursor);
    return origins(call, call.query("source"))
        .thenCompose(
            origins ->
                page(
                    from(origins, after),
                    after,
                    call.query("stage"),
                    limit,
                    new FailedShape.Page(new ArrayList<>(), Optional.empty(), new ArrayList<>())))
        .thenApply(Json::ok);
  }

  /** Asks one node after the other until the page is full. */
  private CompletionStage<FailedShape.Page> page(
      List<Origin> origins,
      Optional<Cursor> after,
      Optional<String> stage,
      int limit,
      FailedShape.Page page) {
    if (origins.isEmpty()) return CompletableFuture.completedStage(page);
    var origin = origins.get(0);
    var rest = origins.subList(1, origins.size());
    long from =
        after
            .filter(c -> c.source().equals(origin.stream().source()))
            .map(Cursor::after)
            .orElse(-1L);
    var question =
        new FailedElements.Page(origin.stream(), stage, from, limit - page.items().size());
    return control
        .askFailed(origin.node(), question)
        .thenCompose(
            answer -> {
              boolean more = false;
              if (answer instanceof FailedElements.Items items) {
                for (var item : items.items())
                  page.items().add(FailedShape.of(origin.stream(), origin.node(), item));
                more = items.more() && !items.items().isEmpty();
              } else {
                page.away().add(away(origin, answer));
              }
              if (page.items().size() >= limit && (more || !rest.isEmpty()))
                return CompletableFuture.completedStage(
                    new FailedShape.Page(
                        page.items(), Optional.of(next(page, more, rest)), page.away()));
              if (!more) return page(rest, Optional.empty(), stage, limit, page);
              var last = page.items().get(page.items().size() - 1);
              return page(
                  origins,
                  Optional.of(new Cursor(last.source(), last.seq(), -1)),
                  stage,
                  limit,
                  page);
            });
  }

  private static String next(FailedShape.Page page, boolean more, List<Origin> rest) {
    var last = page.items().get(page.items().size() - 1);
    return more
        ? new Cursor(last.source(), last.seq(), -1).text()
        : new Cursor(rest.get(0).stream().source(), -1, -1).text();
  }

  private CompletionStage<HttpResponse> payload(Call call) {
    int index = call.number("index", 0, 0, 10_000);
    long seq = seq(call.path("seq"));
    return origins(call, Optional.of(call.path("source")))
        .thenCompose(origins -> payload(origins.get(0), seq, ByteString.EMPTY))
        .thenApply(bytes -> payload(call, media(bytes), index));
  }

  /** Fetches what is missing behind {@code had}, a part at a time. */
  private CompletionStage<ByteString> payload(Origin origin, long seq, ByteString had) {
    return control
        .askFailed(origin.node(), new FailedElements.Part(origin.stream(), seq, had.size()))
        .thenCompose(
            answer -> {
              if (!(answer instanceof FailedElements.Bytes bytes))
                throw problem(origin, answer).refused();
              var now = had.concat(bytes.part());
              return now.size() >= bytes.total() || bytes.part().isEmpty()
                  ? CompletableFuture.completedStage(now)
                  : payload(origin, seq, now);
            });
  }

  private static Media media(ByteString bytes) {
    try {
      return Media.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a payload that cannot be read", e);
    }
  }

  /** A picture and opaque bytes as they are, unless the caller wants nothing but JSON. */
  private static HttpResponse payload(Call call, Media media, int index) {
    var accepted = Accepted.by(call.request());
    if (media.hasFrames() && accepted.quality(IMAGE_JPEG) > 0) {
      if (index >= media.getFrames().getFrameCount())
        throw Problem.of(
                404,
                "the element has %s frames".formatted(media.getFrames().getFrameCount()),
                "count index from 0")
            .refused();
      var jpeg = media.getFrames().getFrame(index).getJpeg();
      return HttpResponse.create()
          .withEntity(IMAGE_JPEG.toContentType(), bytes(jpeg))
          .addHeader(RawHeader.create("Cache-Control", "private, max-age=60"));
    }
    boolean opaque = media.hasOpaque() && accepted.quality(APPLICATION_OCTET_STREAM) > 0;
    if (opaque)
      return HttpResponse.create()
          .withEntity(ContentTypes.APPLICATION_OCTET_STREAM, bytes(media.getOpaque()));
    return Json.ok(MediaJson.full(media));
  }

  private static org.apache.pekko.util.ByteString bytes(ByteString bytes) {
    return org.apache.pekko.util.ByteString.fromByteBuffer(bytes.asReadOnlyByteBuffer());
  }

  private CompletionStage<HttpResponse> retry(Call call) {
    return bodies
        .read(call.request())
        .thenCompose(
            body -> {
              var asked = RetryAsked.of(body);
              var after = asked.after().map(FailedEndpoints::cursor);
              return wanted(call.path("name"))
                  .thenCompose(
                      pipeline -> {
                        if (pipeline.isPaused()) throw paused(pipeline.name());
                        return retry(
                            from(origins(pipeline, asked.source()), after),
                            after,
                            asked,
                            pipeline.version());
                      });
            })
        .thenApply(Json::ok);
  }

  /** Asks one node, so that a caller sees how far it is. */
  private CompletionStage<FailedShape.Retry> retry(
      List<Origin> origins, Optional<Cursor> after, RetryAsked asked, long version) {
    if (origins.isEmpty())
      return CompletableFuture.completedStage(
          new FailedShape.Retry(List.of(), List.of(), List.of(), Optional.empty()));
    var origin = origins.get(0);
    var source = origin.stream().source();
    var cursor = after.filter(c -> c.source().equals(source)).orElse(new Cursor(source, -1, -1));
    var pick = new Pick(asked.seqs(), asked.stage(), cursor.after(), cursor.upTo());
    var others =
        origins.size() == 1
            ? Optional.<String>empty()
            : Optional.of(new Cursor(origins.get(1).stream().source(), -1, -1).text());
    return control
        .askFailed(origin.node(), new FailedElements.Retry(origin.stream(), pick, version))
        .thenApply(
            answer -> {
              if (answer instanceof FailedElements.Retried retried)
                return new FailedShape.Retry(
                    retried.as().entrySet().stream()
                        .map(e -> new Retried(source, e.getKey(), e.getValue()))
                        .toList(),
                    Stream.concat(
                            retried.notKept().stream()
                                .map(seq -> new Left(source, seq, "it is not kept")),
                            retried.underWay().stream()
                                .map(seq -> new Left(source, seq, "it is on its way already")))
                        .toList(),
                    List.of(),
                    retried.more()
                        ? Optional.of(new Cursor(source, retried.last(), retried.upTo()).text())
                        : others);
              if (origins.size() == 1 && after.isEmpty()) throw problem(origin, answer).refused();
              // The other sources need not wait for this one.
              return new FailedShape.Retry(
                  List.of(), List.of(), List.of(away(origin, answer)), others);
            });
  }

  private CompletionStage<HttpResponse> remove(Call call) {
    var seqs = call.query("seq").map(text -> List.of(seq(text))).orElse(List.of());
    if (!seqs.isEmpty() && call.query("source").isEmpty())
      throw Problem.of(400, "seq is of a source, which is missing", "add source=cam-0").refused();
    var pick = new Pick(seqs, call.query("stage"), -1, -1);
    return origins(call, call.query("source"))
        .thenCompose(
            origins -> remove(origins, pick, new FailedShape.Removed(0, new ArrayList<>())))
        .thenApply(Json::ok);
  }

  private CompletionStage<FailedShape.Removed> remove(
      List<Origin> origins, Pick pick, FailedShape.Removed removed) {
    if (origins.isEmpty()) return CompletableFuture.completedStage(removed);
    var origin = origins.get(0);
    return control
        .askFailed(origin.node(), new FailedElements.Drop(origin.stream(), pick))
        .thenCompose(
            answer -> {
              long count = answer instanceof FailedElements.Dropped dropped ? dropped.count() : 0;
              if (!(answer instanceof FailedElements.Dropped))
                removed.away().add(away(origin, answer));
              return remove(
                  origins.subList(1, origins.size()),
                  pick,
                  new FailedShape.Removed(removed.removed() + count, removed.away()));
            });
  }

  private CompletionStage<List<Origin>> origins(Call call, Optional<String> source) {
    return wanted(call.path("name")).thenApply(pipeline -> origins(pipeline, source));
  }

  /** The sources of a pipeline in its order, or the one that is named. */
  private static List<Origin> origins(DesiredPipeline pipeline, Optional<String> source) {
    var spec = pipeline.spec();
    var origins =
        spec.sources().stream()
            .filter(s -> source.isEmpty() || source.get().equals(s.name()))
            .map(s -> new Origin(spec.stream(s), s.node().orElse("?")))
            .toList();
    if (origins.isEmpty())
      throw Problem.of(
              404,
              "pipeline %s has no source %s".formatted(pipeline.name(), source.orElse("")),
              "its sources are "
                  + String.join(", ", spec.sources().stream().map(SourceSpec::name).toList()))
          .refused();
    return origins;
  }

  private static List<Origin> from(List<Origin> origins, Optional<Cursor> after) {
    if (after.isEmpty()) return origins;
    for (int i = 0; i < origins.size(); i++)
      if (origins.get(i).stream().source().equals(after.get().source()))
        return origins.subList(i, origins.size());
    throw badCursor(after.get().text());
  }

  private CompletionStage<DesiredPipeline> wanted(String name) {
    return control
        .pipeline(name)
        .thenApply(found -> found.orElseThrow(() -> Problem.unknownPipeline(name).refused()));
  }

  private static Cursor cursor(String text) {
    var match = CURSOR.matcher(text);
    if (!match.matches()) throw badCursor(text);
    @Nullable String upTo = match.group(3);
    return new Cursor(
        match.group(1), Long.parseLong(match.group(2)), upTo == null ? -1 : Long.parseLong(upTo));
  }

  private static Problem.Refused badCursor(String text) {
    return Problem.of(
            400,
            "\"%s\" is not a place among the failed elements".formatted(text),
            "take \"after\" from the member \"next\" of the answer before")
        .refused();
  }

  private static long seq(String text) {
    if (SEQ.matcher(text).matches()) return Long.parseLong(text);
    throw Problem.of(400, "\"%s\" is not a sequence number".formatted(text), "use 0, 1, 2, …")
        .refused();
  }

  private static Away away(Origin origin, FailedElements.Answer answer) {
    return new Away(origin.stream().source(), origin.node(), reason(answer));
  }

  private static String reason(FailedElements.Answer answer) {
    return answer instanceof Refused refused ? refused.reason() : "it gave another answer";
  }

  private static Problem.Refused paused(String pipeline) {
    return Problem.of(
            409,
            "pipeline %s is paused, so nothing is sent again".formatted(pipeline),
            "resume it first: POST /api/v1/pipelines/%s/resume".formatted(pipeline))
        .refused();
  }

  private static Problem problem(Origin origin, FailedElements.Answer answer) {
    var why = answer instanceof Refused refused ? refused.why() : Why.NOT_NOW;
    var pipeline = origin.stream().pipeline();
    return switch (why) {
      case NOT_KEPT -> Problem.of(404, reason(answer), LIST.formatted(pipeline));
      case PAUSED ->
          Problem.of(
              409,
              reason(answer),
              "resume it first: POST /api/v1/pipelines/%s/resume".formatted(pipeline));
      case NOT_READ, NOT_NOW ->
          Problem.of(
              503,
              reason(answer),
              "try again; the log of node %s tells more".formatted(origin.node()));
      case AWAY ->
          Problem.of(
              503,
              reason(answer),
              "what failed is kept there meanwhile: try again when node %s is back, see GET /api/v1/nodes"
                  .formatted(origin.node()));
    };
  }
}
