package io.dayu.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP interface of a cluster, as a client sees it. Methods block, at most 30 s unless said
 * otherwise, and fail with a {@link UserException} a person can read. Safe for several threads.
 */
public final class ApiClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(30);

  /**
   * Where the JVM reads how long an unused connection may be used again, in seconds. Up to Java 20
   * it does so for twenty minutes, but a cloud node closes one after {@code
   * dayu.http.idle-timeout}, and a request that is sent at that moment fails.
   */
  private static final String KEEP_ALIVE = "jdk.httpclient.keepalive.timeout";

  static {
    if (System.getProperty(KEEP_ALIVE) == null) System.setProperty(KEEP_ALIVE, "20");
  }

  private final URI base;
  private final Optional<String> token;
  private final HttpClient http;

  /**
   * @param base without the path of the interface, such as {@code http://127.0.0.1:8080}
   * @throws IllegalArgumentException if the token is none; see {@link ApiAccess}
   */
  public ApiClient(URI base, Optional<String> token) {
    this.base = Objects.requireNonNull(base, "base");
    this.token = token.map(ApiAccess::token);
    // HTTP/1.1: an upgrade to HTTP/2 has no advantage here, and some servers do not understand it.
    http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
  }

  public URI base() {
    return base;
  }

  /** A path below {@code /api/v1/} from its segments. */
  public static String path(String... segments) {
    return Stream.of(segments)
        .map(s -> URLEncoder.encode(s, StandardCharsets.UTF_8).replace("+", "%20"))
        .collect(java.util.stream.Collectors.joining("/"));
  }

  /**
   * @param path below {@code /api/v1/}, with a query if one is needed
   */
  public JsonNode get(String path) {
    return json(exchange("GET", path, Optional.empty(), BodyPublishers.noBody(), Optional.empty()));
  }

  /** Sends a document, JSON if it begins like it, YAML otherwise. */
  @CanIgnoreReturnValue
  public JsonNode send(String method, String path, String document) {
    return send(method, path, document, Optional.empty());
  }

  /**
   * Sends a document for one version of a resource.
   *
   * @param only the version that it must have now; empty for any
   */
  @CanIgnoreReturnValue
  public JsonNode send(String method, String path, String document, Optional<Long> only) {
    var type = document.stripLeading().startsWith("{") ? "application/json" : "application/yaml";
    return json(exchange(method, path, Optional.of(type), BodyPublishers.ofString(document), only));
  }

  /** Sends JSON of any kind. */
  @CanIgnoreReturnValue
  public JsonNode put(String path, String value) {
    return json(
        exchange(
            "PUT",
            path,
            Optional.of("application/json"),
            BodyPublishers.ofString(value),
            Optional.empty()));
  }

  /**
   * Deletes a resource.
   *
   * @return what the server still has to do, in its words; empty if it is gone
   */
  @CanIgnoreReturnValue
  public Optional<String> delete(String path) {
    return delete(path, Optional.empty());
  }

  /**
   * The same of one version of a resource.
   *
   * @param only the version that it must have now; empty for any
   */
  @CanIgnoreReturnValue
  public Optional<String> delete(String path, Optional<Long> only) {
    var answer = exchange("DELETE", path, Optional.empty(), BodyPublishers.noBody(), only);
    return answer.statusCode() == 202
        ? Optional.of(json(answer).path("detail").asText())
        : Optional.empty();
  }

  /**
   * Any resource as bytes.
   *
   * @param reference as an answer gave it: a path on the server, or below {@code /api/v1/}
   */
  public byte[] bytes(String reference) {
    return exchange("GET", reference, Optional.empty(), BodyPublishers.noBody(), Optional.empty())
        .body();
  }

  /** As {@link #get}, of a resource that has other forms too. */
  public JsonNode json(String path) {
    var request = request(path).timeout(ANSWER).header("Accept", "application/json").GET().build();
    var answer = call(request, BodyHandlers.ofByteArray());
    if (answer.statusCode() / 100 != 2) throw failure(answer.statusCode(), answer.body());
    return json(answer);
  }

  /** Reads a stream of server-sent events until it ends; comments and names are left out. */
  public void events(String path, Consumer<JsonNode> each) {
    events(
        answered(path),
        event -> {
          each.accept(event);
          return false;
        });
  }

  /**
   * The same until an event is the last one that is wanted, or the time is over.
   *
   * @return whether such an event has come
   */
  @CanIgnoreReturnValue
  public boolean events(String path, Duration atMost, Predicate<JsonNode> last) {
    var answer = answered(path);
    var over = new AtomicBoolean();
    // A read that waits has no time limit of its own; closing what it reads from ends it.
    var timer =
        CompletableFuture.runAsync(
            () -> {
              over.set(true);
              close(answer.body());
            },
            CompletableFuture.delayedExecutor(atMost.toMillis(), TimeUnit.MILLISECONDS));
    try {
      return events(answer, last);
    } catch (UserException e) {
      if (over.get()) return false;
      throw e;
    } finally {
      timer.cancel(false);
    }
  }

  private HttpResponse<InputStream> answered(String path) {
    var request = request(path).header("Accept", "text/event-stream").GET().build();
    return call(request, BodyHandlers.ofInputStream());
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException closed) {
      // It is not read any more.
    }
  }

  @CanIgnoreReturnValue // a stream that is read to its end had no last event
  private boolean events(HttpResponse<InputStream> answer, Predicate<JsonNode> last) {
    try (var body = answer.body();
        var reader =
            new java.io.BufferedReader(
                new java.io.InputStreamReader(body, StandardCharsets.UTF_8))) {
      if (answer.statusCode() / 100 != 2) throw failure(answer.statusCode(), body.readAllBytes());
      var data = new StringBuilder();
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("data:")) data.append(line.substring(5));
        if (!line.isEmpty() || data.isEmpty()) continue;
        var event = parse(data.toString().getBytes(StandardCharsets.UTF_8));
        data.setLength(0);
        if (last.test(event)) return true;
      }
      return false;
    } catch (IOException e) {
      throw new UserException("the connection to " + base + " broke: " + e.getMessage(), e);
    }
  }

  @CanIgnoreReturnValue
  private HttpResponse<byte[]> exchange(
      String method, String path, Optional<String> type, BodyPublisher body, Optional<Long> only) {
    var request = request(path).timeout(ANSWER).method(method, body);
    only.ifPresent(version -> request.header("If-Match", "\"" + version + "\""));
    type.ifPresent(t -> request.header("Content-Type", t));
    var answer = call(request.build(), BodyHandlers.ofByteArray());
    if (answer.statusCode() / 100 != 2) throw failure(answer.statusCode(), answer.body());
    return answer;
  }

  private HttpRequest.Builder request(String path) {
    var request = HttpRequest.newBuilder(base.resolve("/api/v1/").resolve(path));
    token.ifPresent(t -> request.header("Authorization", "Bearer " + t));
    return request;
  }

  private <T> HttpResponse<T> call(HttpRequest request, BodyHandler<T> handler) {
    try {
      return http.send(request, handler);
    } catch (HttpConnectTimeoutException e) {
      // Something may listen there: the time includes TLS, and Java does not always notice at once
      // that the server speaks none.
      throw new UserException(
          "no connection to %s came about within %s s. %s"
              .formatted(
                  base,
                  CONNECT.toSeconds(),
                  "https".equals(base.getScheme())
                      ? "Perhaps it does not speak https."
                      : "Is it the address of a cloud node's API?"),
          e);
    } catch (ConnectException e) {
      if (isUnknown(e))
        throw new UserException(
            "there is no host %s; the address asked was %s".formatted(base.getHost(), base), e);
      throw new UserException(
          "nobody answers at %s. Start a cluster with ./dayu up, or name one with --api URL."
              .formatted(base),
          e);
    } catch (HttpTimeoutException e) {
      throw new UserException(
          "%s did not answer %s within %s s"
              .formatted(base, request.uri().getPath(), ANSWER.toSeconds()),
          e);
    } catch (SSLException e) {
      throw new UserException(
          "%s does not speak https as expected: %s".formatted(base, e.getMessage()), e);
    } catch (IOException e) {
      throw new UserException("the connection to " + base + " failed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  private static boolean isUnknown(Throwable error) {
    for (@Nullable Throwable cause = error; cause != null; cause = cause.getCause())
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException)
        return true;
    return false;
  }

  private ApiException failure(int status, byte[] body) {
    if (status == 401 || status == 403)
      return new ApiException(
          status,
          status == 401
              ? "%s wants a token: --token TOKEN or DAYU_TOKEN".formatted(base)
              : "this token may not do that at %s".formatted(base));
    try {
      var document = JSON.readTree(body);
      if (document != null && document.isObject()) return ApiException.of(status, document);
    } catch (IOException notJson) {
      // Another server, or a proxy: its own message follows.
    }
    var text = new String(body, StandardCharsets.UTF_8).strip();
    var words = text.length() > 200 ? text.substring(0, 200) + "…" : text;
    return new ApiException(
        status, "%s answered with status %s: %s".formatted(base, status, words));
  }

  private JsonNode json(HttpResponse<byte[]> answer) {
    return answer.body().length == 0 ? MissingNode.getInstance() : parse(answer.body());
  }

  private JsonNode parse(byte[] body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new UserException(base + " answered with something that is not JSON", e);
    } catch (IOException e) {
      throw new UserException("the answer of " + base + " cannot be read: " + e.getMessage(), e);
    }
  }
}
