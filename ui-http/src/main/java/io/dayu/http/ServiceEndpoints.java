package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.DELETE;
import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.PUT;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_JSON;

import com.fasterxml.jackson.databind.util.RawValue;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.NodeReport;
import io.dayu.facts.View;
import io.dayu.http.Endpoint.Call;
import io.dayu.http.PipelineEndpoints.Items;
import io.dayu.http.ServiceRegistry.Answer;
import io.dayu.http.Tokens.Role;
import io.dayu.service.ServiceDocument;
import io.dayu.stage.ServiceCalls;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Services that are declared over the API. All of it needs the role admin: a declaration decides
 * where elements are sent, may hold what is nobody else's business, and where a node allows it has
 * the node run a program.
 */
final class ServiceEndpoints {
  private static final String ALL = "/api/v1/services";
  private static final String ONE = ALL + "/{name}";

  private final ControlPlane control;
  private final RequestBodies bodies;

  ServiceEndpoints(ControlPlane control, RequestBodies bodies) {
    this.control = control;
    this.bodies = bodies;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(GET, ALL, Role.ADMIN, APPLICATION_JSON, call -> list()),
        new Endpoint(GET, ONE, Role.ADMIN, APPLICATION_JSON, this::get),
        new Endpoint(PUT, ONE, Role.ADMIN, APPLICATION_JSON, this::put),
        new Endpoint(DELETE, ONE, Role.ADMIN, APPLICATION_JSON, this::delete));
  }

  /**
   * @param declaration as it was sent
   * @param described whether pipelines can be verified with what it has said of itself
   * @param nodes that are to have it, or may have it, of those that report
   */
  record ServiceShape(
      String name, long version, RawValue declaration, boolean described, List<NodeShape> nodes) {}

  /**
   * @param ready whether stages of this type can run there: it has described itself, and answers
   * @param at where it is called; absent before it has described itself
   * @param calls what has become of them by address, that of {@code at} first
   * @param wanted whether a pipeline has such stages there, or is to have them there next
   */
  record NodeShape(
      String node, boolean ready, Optional<String> at, List<ServiceCalls> calls, boolean wanted) {
    static NodeShape of(NodeReport report, String name, boolean wanted) {
      var service =
          report.services().stream().filter(s -> s.descriptor().type().equals(name)).findFirst();
      return new NodeShape(
          report.node(),
          report.stageTypes().contains(name),
          service.map(NodeReport.Service::from),
          service.map(NodeReport.Service::calls).orElse(List.of()),
          wanted);
    }
  }

  private ServiceShape shape(DeclaredService service) {
    var document = service.document().orElse("{}");
    var view = control.view();
    var wanted = ServiceDemand.wanted(view, service.name());
    return new ServiceShape(
        service.name(),
        service.version(),
        new RawValue(document),
        ServiceDemand.isDescribed(view, service.name()),
        view.nodes().values().stream()
            .map(View.Seen::report)
            .filter(report -> ServiceDocument.isFor(document, report.node(), report.role()))
            .map(report -> NodeShape.of(report, service.name(), wanted.contains(report.node())))
            .toList());
  }

  private CompletionStage<HttpResponse> list() {
    return control
        .services()
        .all()
        .thenApply(all -> Json.ok(new Items<>(all.stream().map(this::shape).toList())));
  }

  private CompletionStage<HttpResponse> get(Call call) {
    var name = call.path("name");
    return control
        .services()
        .all()
        .thenApply(
            all ->
                all.stream()
                    .filter(service -> service.name().equals(name))
                    .findFirst()
                    .map(service -> Json.ok(shape(service)))
                    .orElseThrow(() -> absent(name)));
  }

  private CompletionStage<HttpResponse> put(Call call) {
    var type = call.request().entity().getContentType().mediaType();
    // What says nothing of itself comes so.
    boolean silent = type.toString().equals("application/octet-stream");
    if (!silent && !type.equals(APPLICATION_JSON))
      return CompletableFuture.failedFuture(
          Problem.of(415, "a declaration of %s".formatted(type), "send it as application/json")
              .refused());
    return bodies
        .read(call.request())
        .thenCompose(
            body ->
                control
                    .services()
                    .declare(call.path("name"), new String(body, StandardCharsets.UTF_8)))
        .thenApply(answer -> answered(call, answer));
  }

  private CompletionStage<HttpResponse> delete(Call call) {
    return control
        .services()
        .withdraw(call.path("name"))
        .thenApply(answer -> answered(call, answer));
  }

  private HttpResponse answered(Call call, Answer answer) {
    var name = call.path("name");
    if (answer instanceof Answer.Declared declared)
      return Json.ok(shape(declared.service())).withStatus(declared.created() ? 201 : 200);
    if (answer instanceof Answer.Withdrawn) return HttpResponse.create().withStatus(204);
    throw refused(name, answer);
  }

  private static Problem.Refused refused(String name, Answer answer) {
    if (answer instanceof Answer.Invalid invalid)
      return Problem.of(
              422,
              invalid.why().replace("\n", "; "),
              "correct that and send it again; docs/services.md has all keys")
          .refused();
    if (answer instanceof Answer.Taken taken)
      return Problem.of(409, taken.why(), taken.remedy()).refused();
    if (answer instanceof Answer.InUse use)
      return Problem.of(
              409,
              "service %s is used by %s".formatted(name, String.join(", ", use.pipelines())),
              "delete or change these pipelines first")
          .refused();
    if (answer instanceof Answer.TooMany many)
      return Problem.of(
              409,
              "%s services are declared already".formatted(many.most()),
              "delete one that is not used, or declare some in the configuration of nodes")
          .refused();
    return absent(name);
  }

  private static Problem.Refused absent(String name) {
    return Problem.of(
            404,
            "no service named %s is declared over the API".formatted(name),
            "list them with GET " + ALL + "; those of the configuration are in GET /api/v1/stages")
        .refused();
  }
}
