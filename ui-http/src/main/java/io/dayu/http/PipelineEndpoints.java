package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.DELETE;
import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;
import static org.apache.pekko.http.javadsl.model.HttpMethods.PUT;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_JSON;
import static org.apache.pekko.http.javadsl.model.MediaTypes.TEXT_EVENT_STREAM;

import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.View;
import io.dayu.http.ControlPlane.Submitted;
import io.dayu.http.Endpoint.Call;
import io.dayu.http.Tokens.Role;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineDocument;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineVerifier;
import io.dayu.pipeline.RunState;
import io.dayu.policy.Policies;
import io.dayu.realise.Forecast;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;

/** Pipelines: submitting, reading, changing, deleting, and what happens to them. */
final class PipelineEndpoints {
  private static final String ALL = "/api/v1/pipelines";
  private static final String ONE = ALL + "/{name}";
  private static final String ACCEPTED =
      "the pipeline stops now; it is deleted in the store of the cloud when that can be used again";
  private static final String FORMS = "application/json or application/yaml";

  private final ControlPlane control;
  private final HttpSettings settings;
  private final Clock clock;
  private final RequestBodies bodies;
  private final Sse sse;

  PipelineEndpoints(
      ControlPlane control, HttpSettings settings, Clock clock, RequestBodies bodies, Sse sse) {
    this.control = control;
    this.settings = settings;
    this.clock = clock;
    this.bodies = bodies;
    this.sse = sse;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(GET, ALL, Role.READ, APPLICATION_JSON, call -> list()),
        new Endpoint(POST, ALL, Role.WRITE, APPLICATION_JSON, this::post),
        new Endpoint(GET, ONE, Role.READ, APPLICATION_JSON, this::get),
        new Endpoint(PUT, ONE, Role.WRITE, APPLICATION_JSON, this::put),
        new Endpoint(DELETE, ONE, Role.WRITE, APPLICATION_JSON, this::delete),
        new Endpoint(GET, ONE + "/versions", Role.READ, APPLICATION_JSON, this::versions),
        new Endpoint(GET, ONE + "/versions/{version}", Role.READ, APPLICATION_JSON, this::version),
        new Endpoint(POST, ONE + "/rollback", Role.WRITE, APPLICATION_JSON, this::rollback),
        new Endpoint(
            POST,
            ONE + "/pause",
            Role.WRITE,
            APPLICATION_JSON,
            call -> turn(call, RunState.PAUSED)),
        new Endpoint(
            POST,
            ONE + "/stop",
            Role.WRITE,
            APPLICATION_JSON,
            call -> turn(call, RunState.STOPPED)),
        new Endpoint(
            POST,
            ONE + "/resume",
            Role.WRITE,
            APPLICATION_JSON,
            call -> turn(call, RunState.RUNNING)),
        new Endpoint(POST, ONE + "/drain", Role.WRITE, APPLICATION_JSON, this::drain),
        new Endpoint(GET, ONE + "/ledger", Role.READ, APPLICATION_JSON, this::ledger),
        new Endpoint(GET, ONE + "/decisions", Role.READ, APPLICATION_JSON, this::decisions),
        new Endpoint(GET, ONE + "/events", Role.READ, TEXT_EVENT_STREAM, this::events));
  }

  /** A list under {@code items}, as all lists of the API. */
  record Items<T>(List<T> items) {}

  /** Something that is going to be done. */
  record Accepted(String name, String detail) {}

  private CompletionStage<HttpResponse> list() {
    var view = control.view();
    return CompletableFuture.completedFuture(
        Json.ok(
            new Items<>(
                view.pipelines().values().stream()
                    .map(p -> PipelineShape.item(p, view, clock.instant(), settings.silentAfter()))
                    .toList())));
  }

  private CompletionStage<HttpResponse> post(Call call) {
    return document(call.request())
        .thenCompose(document -> control.submit(document.spec(), document.state(), false, Set.of()))
        .thenApply(this::submitted);
  }

  /** With {@code dryRun} nothing is done, and the answer says what would be. */
  private CompletionStage<HttpResponse> put(Call call) {
    boolean dryRun = call.flag("dryRun");
    return document(call.request())
        .thenCompose(
            document -> {
              var spec = document.spec();
              if (!spec.name().equals(call.path("name")))
                throw Problem.badPipeline(
                        List.of(
                            new PipelineProblem(
                                "metadata.name",
                                "is %s, but the address says %s"
                                    .formatted(spec.name(), call.path("name")),
                                "use the same name in both")))
                    .refused();
              return IfMatch.of(call.request())
                  .check(control.pipeline(spec.name()), spec.name())
                  .thenCompose(
                      only ->
                          dryRun
                              ? control.plan(spec, document.state(), only)
                              : control.submit(spec, document.state(), true, only));
            })
        .thenApply(this::submitted);
  }

  /** The body as a verified pipeline. */
  private CompletionStage<Parsed.Ok> document(HttpRequest request) {
    var form = form(request);
    return bodies
        .read(request)
        .thenApply(
            body -> {
              var parsed = PipelineVerifier.check(Documents.read(body, form), control.catalog());
              if (parsed instanceof Parsed.Bad bad)
                throw Problem.badPipeline(bad.problems()).refused();
              var document = (Parsed.Ok) parsed;
              // A policy checks its own parameters, and it takes a right pipeline to do so.
              if (control.policies().make(document.spec()) instanceof Policies.Bad bad)
                throw Problem.badPipeline(bad.problems()).refused();
              return document;
            });
  }

  /** Empty where the type says nothing: then the first character tells. */
  private static Optional<Documents.Form> form(HttpRequest request) {
    var type = request.entity().getContentType().mediaType();
    var name = (type.mainType() + "/" + type.subType()).toLowerCase(Locale.ROOT);
    if (name.equals("application/json") || name.endsWith("+json"))
      return Optional.of(Documents.Form.JSON);
    if (name.endsWith("/yaml") || name.endsWith("/x-yaml") || name.endsWith("+yaml"))
      return Optional.of(Documents.Form.YAML);
    if (List.of("application/octet-stream", "text/plain", "none/none").contains(name))
      return Optional.empty();
    throw Problem.of(
            415,
            "a pipeline cannot be read from " + name,
            "send it as %s (curl: -H 'Content-Type: application/yaml' --data-binary @file)"
                .formatted(FORMS))
        .refused();
  }

  private HttpResponse submitted(Submitted submitted) {
    if (submitted instanceof Submitted.Exists exists)
      throw Problem.of(
              409,
              "there is already a pipeline named " + exists.name(),
              "replace it with PUT %s/%s, or choose another name".formatted(ALL, exists.name()))
          .refused();
    if (submitted instanceof Submitted.Differs differs)
      throw IfMatch.differs(differs.name(), differs.version()).refused();
    if (submitted instanceof Submitted.NoNode none)
      throw Problem.of(
              503,
              "there is no node to read source " + none.source(),
              "start a node, or name one under spec.sources[].node; see GET /api/v1/nodes")
          .refused();
    if (submitted instanceof Submitted.Refused refused)
      throw Problem.badPipeline(refused.problems()).refused();
    if (submitted instanceof Submitted.NoRoom full)
      throw Problem.badPipeline(
              List.of(
                  new PipelineProblem(
                      "metadata.name",
                      "pipeline %s and those that are sent to the nodes in the same message, %s, are together too large for it"
                          .formatted(full.name(), String.join(", ", full.beside())),
                      "make one of them smaller, or give this one another name")))
          .refused();
    if (submitted instanceof Submitted.Planned planned) return Json.ok(change(planned));
    var accepted = (Submitted.Accepted) submitted;
    var response = answer(accepted.pipeline());
    if (!accepted.created()) return response;
    return response
        .withStatus(201)
        .addHeader(RawHeader.create("Location", ALL + "/" + accepted.pipeline().spec().name()));
  }

  private ChangeShape change(Submitted.Planned planned) {
    var next = planned.next();
    var view = control.view();
    // What stays as it is goes on being decided on as it is, and what is stopped is nowhere.
    boolean same = planned.running().filter(next::equals).isPresent();
    var forecasts =
        same || next.isStopped()
            ? List.<Forecast>of()
            : next.spec().sources().stream()
                .flatMap(
                    source ->
                        Forecast.of(
                            next,
                            source,
                            view,
                            control.policies(),
                            clock.instant(),
                            settings.silentAfter())
                            .stream())
                .toList();
    return ChangeShape.of(planned.running(), next, view, forecasts);
  }

  private CompletionStage<HttpResponse> get(Call call) {
    return wanted(call.path("name")).thenApply(this::answer);
  }

  private CompletionStage<HttpResponse> turn(Call call, RunState state) {
    return turned(call.path("name"), state).thenApply(this::answer);
  }

  /** Nothing is waited for here: the caller listens to its events, or asks again. */
  private CompletionStage<HttpResponse> drain(Call call) {
    var name = call.path("name");
    return control
        .pipeline(name)
        .thenCompose(
            found ->
                found
                    .filter(DesiredPipeline::isPaused)
                    .<CompletionStage<DesiredPipeline>>map(CompletableFuture::completedFuture)
                    .orElseGet(() -> turned(name, RunState.PAUSED)))
        .thenApply(
            pipeline -> {
              boolean drained = whole(pipeline, control.view()).status().drained();
              return answer(pipeline).withStatus(drained ? 200 : 202);
            });
  }

  private CompletionStage<DesiredPipeline> turned(String name, RunState state) {
    return control
        .turn(name, state)
        .thenApply(found -> found.orElseThrow(() -> Problem.unknownPipeline(name).refused()));
  }

  private CompletionStage<HttpResponse> versions(Call call) {
    return versions(call.path("name"))
        .thenApply(
            versions -> Json.ok(new Items<>(versions.stream().map(VersionShape::of).toList())));
  }

  private CompletionStage<List<PipelineVersion>> versions(String name) {
    return control
        .versions(name)
        .thenApply(found -> found.orElseThrow(() -> Problem.unknownPipeline(name).refused()));
  }

  private CompletionStage<HttpResponse> version(Call call) {
    var name = call.path("name");
    long version = VersionShape.number(call.path("version"));
    return earlier(name, version)
        .thenApply(
            p ->
                Json.ok(
                    new VersionShape.Document(
                        name, p.version(), PipelineDocument.write(p.spec(), p.state()))));
  }

  private CompletionStage<DesiredPipeline> earlier(String name, long version) {
    return control
        .version(name, version)
        .thenApply(
            found ->
                found.orElseThrow(
                    () ->
                        Problem.of(
                                404,
                                "version %s of pipeline %s is not kept".formatted(version, name),
                                "see which are: GET %s/%s/versions".formatted(ALL, name))
                            .refused()));
  }

  /**
   * Submits an earlier specification again; the pipeline stays paused if it is. It may be refused
   * as any other one: a type of stage or a node may be gone since.
   */
  private CompletionStage<HttpResponse> rollback(Call call) {
    var name = call.path("name");
    return bodies
        .read(call.request())
        .thenCompose(
            body -> {
              var asked = VersionShape.asked(body);
              return versions(name)
                  .thenCompose(
                      versions -> {
                        long present = versions.get(0).version();
                        long to = asked.orElseGet(() -> VersionShape.before(name, versions));
                        return earlier(name, to)
                            .thenCompose(
                                p -> {
                                  var spec = verified(p.spec());
                                  return control.submit(
                                      spec, Optional.empty(), true, Set.of(present));
                                });
                      });
            })
        .thenApply(this::submitted);
  }

  private PipelineSpec verified(PipelineSpec spec) {
    var problems = PipelineVerifier.verify(spec, control.catalog());
    if (!problems.isEmpty()) throw Problem.badPipeline(problems).refused();
    if (control.policies().make(spec) instanceof Policies.Bad bad)
      throw Problem.badPipeline(bad.problems()).refused();
    return spec;
  }

  private CompletionStage<HttpResponse> delete(Call call) {
    return IfMatch.of(call.request())
        .check(control.pipeline(call.path("name")), call.path("name"))
        .thenCompose(only -> control.delete(call.path("name"), only))
        .thenApply(
            deletion ->
                switch (deletion) {
                  case DELETED -> HttpResponse.create().withStatus(204);
                  case ACCEPTED ->
                      Json.ok(new Accepted(call.path("name"), ACCEPTED)).withStatus(202);
                  case DIFFERS ->
                      throw IfMatch.differs(
                              call.path("name"),
                              Optional.ofNullable(control.view().pipelines().get(call.path("name")))
                                  .map(DesiredPipeline::version)
                                  .orElse(0L))
                          .refused();
                  case ABSENT -> throw Problem.unknownPipeline(call.path("name")).refused();
                });
  }

  private CompletionStage<HttpResponse> ledger(Call call) {
    return wanted(call.path("name"))
        .thenApply(p -> Json.ok(LedgerShape.of(PipelineShape.ledgers(p.spec(), control.view()))));
  }

  private CompletionStage<HttpResponse> decisions(Call call) {
    var name = call.path("name");
    var limit = call.number("limit", 100, 1, 1000);
    return control
        .decisions(name, limit)
        .thenCompose(
            decisions ->
                decisions.isEmpty()
                    ? wanted(name).thenApply(p -> decisions)
                    : CompletableFuture.completedFuture(decisions))
        .thenApply(
            decisions -> Json.ok(new Items<>(decisions.stream().map(DecisionShape::of).toList())));
  }

  /** Begins with the present state, told as changes from nothing. */
  private CompletionStage<HttpResponse> events(Call call) {
    var name = call.path("name");
    return wanted(name)
        .thenApply(
            p -> {
              Source<Sse.Event, NotUsed> events =
                  Source.tick(Duration.ZERO, settings.pollInterval(), NotUsed.getInstance())
                      .mapMaterializedValue(cancellable -> NotUsed.getInstance())
                      .statefulMapConcat(
                          () -> {
                            var last = new View[] {View.EMPTY};
                            return tick -> {
                              var view = control.view();
                              var changes =
                                  ViewChanges.between(last[0], view, name, clock.instant());
                              last[0] = view;
                              return changes;
                            };
                          });
              return sse.response(events);
            });
  }

  private HttpResponse answer(DesiredPipeline p) {
    return Json.ok(whole(p, control.view()))
        .addHeader(RawHeader.create("ETag", IfMatch.tag(p.version())));
  }

  private PipelineShape.Whole whole(DesiredPipeline p, View view) {
    return new PipelineShape.Whole(
        p.spec().name(),
        p.version(),
        PipelineDocument.write(p.spec(), p.state()),
        PipelineShape.of(p, view, clock.instant(), settings.silentAfter()),
        PipelineShape.Results.of(
            control.stored().pipelines().get(p.spec().name()), clock.instant()));
  }

  private CompletionStage<DesiredPipeline> wanted(String name) {
    return control
        .pipeline(name)
        .thenApply(found -> found.orElseThrow(() -> Problem.unknownPipeline(name).refused()));
  }
}
