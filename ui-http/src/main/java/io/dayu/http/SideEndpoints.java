package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.PUT;
import static org.apache.pekko.http.javadsl.model.MediaTypes.APPLICATION_JSON;

import com.google.protobuf.ByteString;
import io.dayu.http.Endpoint.Call;
import io.dayu.http.Tokens.Role;
import io.dayu.side.SideValues;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Values that are given for side inputs of pipelines. */
final class SideEndpoints {
  private final ControlPlane control;
  private final RequestBodies bodies;

  SideEndpoints(ControlPlane control, RequestBodies bodies) {
    this.control = control;
    this.bodies = bodies;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            PUT,
            "/api/v1/pipelines/{name}/side-inputs/{input}",
            Role.WRITE,
            APPLICATION_JSON,
            this::give));
  }

  /**
   * @param version of the side inputs that has the value
   */
  record Given(String name, long version) {}

  private CompletionStage<HttpResponse> give(Call call) {
    var pipeline = call.path("name");
    var input = call.path("input");
    return bodies
        .read(call.request())
        .thenCompose(body -> control.giveSide(pipeline, input, value(ByteString.copyFrom(body))))
        .thenApply(
            answer -> {
              if (answer instanceof ControlPlane.SideAnswer.Given given)
                return Json.ok(new Given(input, given.version()));
              if (answer instanceof ControlPlane.SideAnswer.Refused refused)
                throw Problem.of(
                        409,
                        "side input %s was not changed: %s".formatted(input, refused.reason()),
                        "change what it is read from, or give it a value: in the pipeline's document")
                    .refused();
              if (!control.view().pipelines().containsKey(pipeline))
                throw Problem.unknownPipeline(pipeline).refused();
              throw Problem.of(
                      404,
                      "pipeline %s has no side input %s".formatted(pipeline, input),
                      "see spec.sideInputs of GET /api/v1/pipelines/" + pipeline)
                  .refused();
            });
  }

  private static ByteString value(ByteString json) {
    if (json.size() > SideValues.MOST)
      throw Problem.of(
              413,
              "the value has %s bytes, at most %s are possible"
                  .formatted(json.size(), SideValues.MOST),
              "shorten it; what is larger belongs into a model or a service")
          .refused();
    SideValues.problem(json)
        .ifPresent(
            problem -> {
              throw Problem.of(400, "the value cannot be used: " + problem, "send JSON").refused();
            });
    return json;
  }
}
