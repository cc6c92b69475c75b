package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.DELETE;
import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_JSON;

import io.dayu.element.MediaType;
import io.dayu.http.Endpoint.Call;
import io.dayu.http.PipelineEndpoints.Items;
import io.dayu.http.Tokens.Role;
import io.dayu.source.Knob;
import io.dayu.source.SourceDescriptor;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageDescriptor;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** What the cluster consists of and what it can run. */
final class ClusterEndpoints {
  private final ControlPlane control;
  private final HttpSettings settings;
  private final Clock clock;

  ClusterEndpoints(ControlPlane control, HttpSettings settings, Clock clock) {
    this.control = control;
    this.settings = settings;
    this.clock = clock;
  }

  List<Endpoint> endpoints() {
    return List.of(
        get("/api/v1/nodes", this::nodes),
        new Endpoint(DELETE, "/api/v1/nodes/{name}", Role.WRITE, APPLICATION_JSON, this::remove),
        get(
            "/api/v1/stages",
            () -> new Items<>(control.catalog().stages().stream().map(this::stage).toList())),
        get("/api/v1/policies", () -> new Items<>(control.policies().descriptors())),
        get(
            "/api/v1/sources",
            () ->
                new Items<>(
                    control.catalog().sources().stream().map(ClusterEndpoints::source).toList())));
  }

  private static Endpoint get(String path, Supplier<Object> answer) {
    return new Endpoint(
        GET,
        path,
        Role.READ,
        APPLICATION_JSON,
        call -> CompletableFuture.completedFuture(Json.ok(answer.get())));
  }

  record ParameterShape(
      String name,
      String type,
      boolean required,
      Optional<Object> defaultValue,
      String description,
      boolean dynamic) {
    static ParameterShape of(Parameter p) {
      return new ParameterShape(
          p.name(),
          NodeShape.word(p.type()),
          p.required(),
          p.defaultValue(),
          p.description(),
          p.dynamic());
    }
  }

  /**
   * @param types output types that it may have
   * @param required whether a pipeline has to name a stage for it
   */
  record InputShape(String name, List<String> types, boolean required) {
    static InputShape of(NamedInput input) {
      return new InputShape(input.name(), words(input.types()), input.required());
    }
  }

  /**
   * @param payload payload types it reads
   * @param inputs output types of earlier stages it reads
   * @param namedInputs those that it reads by name; empty if it reads whatever has one of the types
   * @param nodes nodes that could run it
   * @param service whether a service does its work, a program beside the node
   * @param transport how nodes call the service
   * @param from where the service is, by node
   */
  record StageShape(
      String type,
      String version,
      String description,
      List<String> payload,
      List<String> inputs,
      List<InputShape> namedInputs,
      String output,
      List<ParameterShape> parameters,
      int parallelism,
      int memoryMb,
      List<String> nodes,
      boolean service,
      Optional<String> transport,
      Optional<Map<String, String>> from) {}

  record SourceShape(
      String name,
      String description,
      String payload,
      List<Knob> knobs,
      boolean live,
      String repeat,
      String example) {}

  private Items<NodeShape> nodes() {
    var now = clock.instant();
    return new Items<>(
        control.view().nodes().values().stream()
            .map(seen -> NodeShape.of(seen, now, settings.silentAfter()))
            .toList());
  }

  private CompletionStage<HttpResponse> remove(Call call) {
    var name = call.path("name");
    var force = call.flag("force");
    var seen = control.view().nodes().get(name);
    if (seen != null && !force && !NodeShape.silent(seen, clock.instant(), settings.silentAfter()))
      throw Problem.of(
              409,
              "node %s reported %s ms ago, so it lives"
                  .formatted(name, NodeShape.ageMs(seen.receivedAt(), clock.instant())),
              ("stop its process, which leaves the cluster; if it has died, wait until it is silent"
                      + " (%s s) or add ?force=true, with which a living one only joins anew")
                  .formatted(settings.silentAfter().toSeconds()))
          .refused();
    return control
        .removeNode(name)
        .thenApply(
            removed -> {
              if (!removed)
                throw Problem.of(
                        404,
                        "there is no node named " + name,
                        "list the nodes with GET /api/v1/nodes")
                    .refused();
              return HttpResponse.create().withStatus(204);
            });
  }

  private StageShape stage(StageDescriptor d) {
    var from = new TreeMap<String, String>();
    Optional<String> transport = Optional.empty();
    for (var seen : control.view().nodes().values())
      for (var service : seen.report().services())
        if (service.descriptor().type().equals(d.type())) {
          from.put(seen.report().node(), service.from());
          transport = Optional.of(service.transport());
        }
    return new StageShape(
        d.type(),
        d.version(),
        d.description(),
        words(d.payload()),
        words(d.inputs()),
        d.namedInputs().stream().map(InputShape::of).toList(),
        d.output().word(),
        d.parameters().stream().map(ParameterShape::of).toList(),
        d.parallelism(),
        d.memoryMb(),
        control.view().nodes().values().stream()
            .filter(seen -> seen.report().stageTypes().contains(d.type()))
            .map(seen -> seen.report().node())
            .toList(),
        !from.isEmpty(),
        transport,
        from.isEmpty() ? Optional.empty() : Optional.of(from));
  }

  private static SourceShape source(SourceDescriptor d) {
    return new SourceShape(
        d.name(),
        d.description(),
        d.payload().word(),
        d.knobs(),
        d.live(),
        d.repeat().word(),
        d.example());
  }

  private static List<String> words(Collection<MediaType> types) {
    return types.stream().map(MediaType::word).sorted().toList();
  }
}
