package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_JSON;
import static org.apache.pekko.http.javadsl.model.MediaTypes.AUDIO_WAV;
import static org.apache.pekko.http.javadsl.model.MediaTypes.IMAGE_JPEG;
import static org.apache.pekko.http.javadsl.model.MediaTypes.TEXT_EVENT_STREAM;

import io.dayu.element.Media;
import io.dayu.element.Wav;
import io.dayu.http.Endpoint.Call;
import io.dayu.http.Tokens.Role;
import io.dayu.pipeline.StreamName;
import io.dayu.stage.Causes;
import io.dayu.store.ResultPage;
import io.dayu.store.StoredResult;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;

/** Results of pipelines: pages, live, and kept frames. They outlive their pipeline. */
final class ResultEndpoints {
  private static final String RESULTS = "/api/v1/pipelines/{name}/results";

  private final ControlPlane control;
  private final Sse sse;

  ResultEndpoints(ControlPlane control, Sse sse) {
    this.control = control;
    this.sse = sse;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(GET, RESULTS, Role.READ, APPLICATION_JSON, this::page),
        new Endpoint(GET, RESULTS + "/stream", Role.READ, TEXT_EVENT_STREAM, this::stream),
        new Endpoint(
            GET,
            RESULTS + "/{source}/{seq}/frame",
            Role.READ,
            List.of(IMAGE_JPEG, AUDIO_WAV),
            this::frame));
  }

  /** Whoever sees a pipeline deliver and finds nothing here is told why. */
  private static final String NOT_KEPT =
      "results are not kept: dayu.store.keep-results is off on the cloud node; follow them live";

  record Page(List<ResultShape> items, Optional<String> next, Optional<String> note) {}

  private CompletionStage<HttpResponse> page(Call call) {
    var limit = call.number("limit", 100, 1, 1000);
    var after = call.query("after");
    return control
        .results(call.path("name"), after, limit)
        .exceptionally(thrown -> badCursor(after, thrown))
        .thenCompose(page -> page.items().isEmpty() ? known(call, page) : done(page))
        .thenApply(
            page ->
                Json.ok(
                    new Page(
                        page.items().stream().map(ResultShape::of).toList(),
                        page.next(),
                        note(call.path("name"), after.isEmpty()))));
  }

  private Optional<String> note(String pipeline, boolean fromTheFirst) {
    if (!control.keepsResults()) return Optional.of(NOT_KEPT);
    return fromTheFirst
        ? Optional.ofNullable(control.stored().pipelines().get(pipeline))
            .filter(results -> results.pruned() > 0)
            .map(
                results ->
                    String.format(
                        Locale.ROOT,
                        "%,d of %,d results were pruned and are no longer here; spec.delivery.retain and dayu.store say what is kept",
                        results.pruned(),
                        results.stored()))
        : Optional.empty();
  }

  private static ResultPage badCursor(Optional<String> after, Throwable thrown) {
    var cause = Causes.of(thrown);
    if (cause instanceof IllegalArgumentException && after.isPresent())
      throw Problem.of(
              400,
              "\"%s\" is not a place in the results".formatted(after.get()),
              "take \"after\" from the member \"next\" of the page before")
          .refused();
    throw cause instanceof RuntimeException e ? e : new CompletionException(cause);
  }

  /** An empty page is right for a pipeline that has no results yet, not for one that never was. */
  private <T> CompletionStage<T> known(Call call, T answer) {
    var name = call.path("name");
    return control
        .pipeline(name)
        .thenApply(
            found -> {
              if (found.isEmpty()) throw Problem.unknownPipeline(name).refused();
              return answer;
            });
  }

  private static <T> CompletionStage<T> done(T answer) {
    return CompletableFuture.completedFuture(answer);
  }

  private CompletionStage<HttpResponse> stream(Call call) {
    var framesOnly = call.query("frames").filter("only"::equals).isPresent();
    return known(call, call.path("name"))
        .thenApply(
            name ->
                sse.response(
                    control
                        .liveResults(name)
                        .filter(result -> !framesOnly || result.frameKept())
                        .map(ResultEndpoints::event)));
  }

  private static Sse.Event event(StoredResult result) {
    var e = result.element();
    return new Sse.Event("result", e.getStream() + "/" + e.getSeq(), ResultShape.of(result));
  }

  private CompletionStage<HttpResponse> frame(Call call) {
    var stream = streamName(call);
    var index = call.number("index", 0, 0, 10_000);
    return control
        .frame(stream, seq(call))
        .thenApply(
            kept -> {
              var entity = kept.flatMap(media -> entity(media, index));
              if (entity.isEmpty())
                throw Problem.of(
                        404,
                        "no frame %s of %s is kept".formatted(call.path("seq"), stream),
                        "keep some with spec.delivery.keepFrames; results with one have \"frame\"")
                    .refused();
              // A stored result never changes, and neither does its frame.
              return HttpResponse.create()
                  .withEntity(entity.get())
                  .addHeader(RawHeader.create("Cache-Control", "private, max-age=3600"));
            });
  }

  private static StreamName streamName(Call call) {
    try {
      return new StreamName(call.path("name"), call.path("source"));
    } catch (IllegalArgumentException e) {
      throw Problem.of(
              400,
              String.valueOf(e.getMessage()),
              "follow the \"frame\" of a result, which names the stream it is of")
          .refused();
    }
  }

  private static long seq(Call call) {
    try {
      return Long.parseUnsignedLong(call.path("seq"));
    } catch (NumberFormatException e) {
      throw Problem.of(
              400, "\"%s\" is not a sequence number".formatted(call.path("seq")), "use 0, 1, 2, …")
          .refused();
    }
  }

  /** A frame, or sound that is not encoded; what is encoded might be anything. */
  private static Optional<HttpEntity.Strict> entity(Media media, int index) {
    boolean sound = media.hasAudio() && media.getAudio().getContentType().isEmpty();
    return sound && index == 0
        ? Optional.of(HttpEntities.create(AUDIO_WAV.toContentType(), Wav.write(media.getAudio())))
        : jpeg(media, index).map(jpeg -> HttpEntities.create(IMAGE_JPEG.toContentType(), jpeg));
  }

  private static Optional<ByteString> jpeg(Media media, int index) {
    if (!media.hasFrames() || index >= media.getFrames().getFrameCount()) return Optional.empty();
    return Optional.of(
        ByteString.fromByteBuffer(
            media.getFrames().getFrame(index).getJpeg().asReadOnlyByteBuffer()));
  }
}
