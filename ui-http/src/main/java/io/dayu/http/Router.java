package io.dayu.http;

import io.dayu.http.Endpoint.Call;
import io.dayu.stage.Causes;
import io.dayu.store.StoreException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.Materializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the endpoint of a request, checks who asks, and turns whatever happens into an answer:
 * every error is a problem document. Safe for any thread.
 */
final class Router {
  private static final Logger LOG = LoggerFactory.getLogger(Router.class);

  private final List<Endpoint> endpoints;
  private final AccessCheck access;
  private final Duration timeout;
  private final MeterRegistry meters;
  private final Materializer materializer;

  Router(
      List<Endpoint> endpoints,
      HttpSettings settings,
      MeterRegistry meters,
      Materializer materializer) {
    this.endpoints = List.copyOf(endpoints);
    this.access = new AccessCheck(settings);
    this.timeout = settings.requestTimeout();
    this.meters = meters;
    this.materializer = materializer;
  }

  /** Never fails. */
  CompletionStage<HttpResponse> handle(HttpRequest request, Callers.Caller caller) {
    var started = System.nanoTime();
    var segments = List.of(request.getUri().path().split("/", -1));
    var here = endpoints.stream().filter(e -> matches(e.segments(), segments)).toList();
    var endpoint = here.stream().filter(e -> e.method().equals(request.method())).findFirst();
    CompletionStage<HttpResponse> answer;
    try {
      access.checkOrigin(request);
      if (endpoint.isEmpty()) throw absent(request, here).refused();
      access.checkRole(request, endpoint.get().role(), caller);
      checkAccept(request, endpoint.get());
      var call = new Call(request, parameters(endpoint.get().segments(), segments));
      answer =
          endpoint
              .get()
              .handler()
              .handle(call)
              .toCompletableFuture()
              .copy()
              .orTimeout(limit(request).toMillis(), TimeUnit.MILLISECONDS);
    } catch (RuntimeException e) {
      request.discardEntityBytes(materializer);
      answer = CompletableFuture.failedFuture(e);
    }
    return answer
        .exceptionally(thrown -> problem(request, here, thrown))
        .thenApply(response -> finished(request, endpoint, started, response));
  }

  /** A body has its own limit; then the cluster has as much time as without one. */
  private Duration limit(HttpRequest request) {
    return request.entity().isKnownEmpty() ? timeout : timeout.multipliedBy(2);
  }

  private HttpResponse finished(
      HttpRequest request, Optional<Endpoint> endpoint, long started, HttpResponse response) {
    Timer.builder("dayu.http.requests")
        .description("Time to the head of the answer")
        .tag("method", endpoint.isPresent() ? request.method().name() : "other")
        .tag("path", endpoint.map(Endpoint::path).orElse("other"))
        .tag("status", String.valueOf(response.status().intValue()))
        .register(meters)
        .record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
    return SecurityHeaders.on(response);
  }

  private static Problem absent(HttpRequest request, List<Endpoint> here) {
    if (here.isEmpty())
      return Problem.of(
          404, "there is nothing at " + request.getUri().path(), "see GET /api/v1/openapi.json");
    return Problem.of(
        405,
        "%s is not possible at %s".formatted(request.method().name(), request.getUri().path()),
        "use " + methods(here));
  }

  private static String methods(List<Endpoint> here) {
    return here.stream().map(e -> e.method().name()).sorted().collect(Collectors.joining(", "));
  }

  private static void checkAccept(HttpRequest request, Endpoint endpoint) {
    var accepted = Accepted.by(request);
    if (endpoint.produces().stream().noneMatch(type -> accepted.quality(type) > 0)) {
      var types =
          endpoint.produces().stream().map(Object::toString).collect(Collectors.joining(" or "));
      throw Problem.of(
              406,
              "%s is answered as %s only".formatted(endpoint.path(), types),
              "leave Accept out or accept " + types)
          .refused();
    }
  }

  private HttpResponse problem(HttpRequest request, List<Endpoint> here, Throwable thrown) {
    var cause = Causes.of(thrown);
    if (cause instanceof Problem.Refused refused) return refused(refused, here);
    if (cause instanceof StoreException) {
      LOG.warn("{} {}: {}", request.method().name(), request.getUri().path(), cause.getMessage());
      return later(
          "the store of the cloud cannot be used now",
          "try again when it is back; elements wait meanwhile. The log of this node has the cause");
    }
    if (cause instanceof TimeoutException)
      return later(
          request.method().isSafe()
              ? "the cluster did not answer in time"
              : "the cluster did not answer in time; the change may be made yet, or not",
          "try again; if it stays so, see the state of the nodes with GET /api/v1/nodes, and whether"
              + " the store of the cloud can be used in their logs");
    LOG.error("{} {} failed", request.method().name(), request.getUri().path(), cause);
    return Problem.of(
            500,
            "the server failed to answer this request",
            "the log of this node has the cause; please report it")
        .response();
  }

  private static HttpResponse later(String message, String remedy) {
    return Problem.of(503, message, remedy)
        .response()
        .addHeader(RawHeader.create("Retry-After", "2"));
  }

  private static HttpResponse refused(Problem.Refused refused, List<Endpoint> here) {
    var problem = refused.problem();
    var response = problem.response();
    return switch (problem.status()) {
      case 429 ->
          response.addHeader(RawHeader.create("Retry-After", Long.toString(refused.waitSeconds())));
      case 401 -> response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer realm=\"dayu\""));
      case 405 -> response.addHeader(RawHeader.create("Allow", methods(here)));
      default -> response;
    };
  }

  private static boolean matches(List<String> template, List<String> path) {
    if (template.size() != path.size()) return false;
    for (int i = 0; i < path.size(); i++)
      if (parameter(template.get(i)) ? path.get(i).isEmpty() : !template.get(i).equals(path.get(i)))
        return false;
    return true;
  }

  private static Map<String, String> parameters(List<String> template, List<String> path) {
    var values = new HashMap<String, String>();
    for (int i = 0; i < path.size(); i++)
      if (parameter(template.get(i)))
        values.put(template.get(i).substring(1, template.get(i).length() - 1), decode(path.get(i)));
    return values;
  }

  private static boolean parameter(String segment) {
    return segment.startsWith("{");
  }

  private static String decode(String segment) {
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw Problem.of(400, "the path is not readable: " + segment, "encode it as UTF-8").refused();
    }
  }
}
