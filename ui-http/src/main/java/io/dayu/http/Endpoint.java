package io.dayu.http;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaType;

/**
 * One thing that can be asked. Endpoints are data, so that the router, the credentials, the metrics
 * and the check of {@code openapi.json} all go by the same list.
 *
 * @param path with parameters as whole segments in braces
 * @param role what a caller must be allowed
 * @param produces the media types that a successful answer may have
 */
record Endpoint(
    HttpMethod method, String path, Tokens.Role role, List<MediaType> produces, Handler handler) {
  Endpoint {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(handler, "handler");
    produces = List.copyOf(produces);
  }

  /** One that has a single form of answer. */
  Endpoint(HttpMethod method, String path, Tokens.Role role, MediaType produces, Handler handler) {
    this(method, path, role, List.of(produces), handler);
  }

  List<String> segments() {
    return List.of(path.split("/", -1));
  }

  /** Answers a call; a {@link Problem.Refused} thrown or failed with becomes its problem. */
  @FunctionalInterface
  interface Handler {
    CompletionStage<HttpResponse> handle(Call call);
  }

  /**
   * @param path values of the path's parameters, decoded
   */
  record Call(HttpRequest request, Map<String, String> path) {
    String path(String parameter) {
      return Objects.requireNonNull(path.get(parameter), parameter);
    }

    Optional<String> query(String name) {
      return request.getUri().query().get(name);
    }

    /** A yes or no from the query; no where it is absent. */
    boolean flag(String name) {
      var text = query(name).orElse("false");
      if (text.equals("true") || text.equals("false")) return text.equals("true");
      throw Problem.of(
              400,
              "the parameter %s is \"%s\"".formatted(name, text),
              name + " takes true or false")
          .refused();
    }

    /** A whole number from the query. */
    int number(String name, int otherwise, int min, int max) {
      var text = query(name);
      if (text.isEmpty()) return otherwise;
      try {
        var value = Integer.parseInt(text.get());
        if (value >= min && value <= max) return value;
      } catch (NumberFormatException e) {
        // refused below, together with numbers out of range
      }
      throw Problem.of(
              400,
              "the parameter %s is \"%s\"".formatted(name, text.get()),
              "%s takes a whole number from %s to %s".formatted(name, min, max))
          .refused();
    }
  }
}
