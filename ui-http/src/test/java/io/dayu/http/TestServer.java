package io.dayu.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A real server on a free port over a {@link FakeControlPlane}, and a client for it. */
final class TestServer implements AutoCloseable {
  final FakeControlPlane control = new FakeControlPlane();
  final ActorSystem<Void> system;
  final String base;
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(60)).build();

  TestServer(String... overrides) {
    var config = config(overrides);
    system = system(config);
    var address =
        HttpServer.start(system, HttpSettings.from(config), control).toCompletableFuture().join();
    base = "http://127.0.0.1:" + address.getPort();
  }

  static Config config(String... overrides) {
    return ConfigFactory.parseString(String.join("\n", overrides))
        .withFallback(
            ConfigFactory.parseString(
                """
                dayu.http { port = 0, request-timeout = 60s, poll-interval = 50ms, tokens = [] }
                pekko { actor.provider = local, loglevel = WARNING, coordinated-shutdown.exit-jvm = off
                        coordinated-shutdown.run-by-jvm-shutdown-hook = off }
                """))
        .withFallback(ConfigFactory.load());
  }

  static ActorSystem<Void> system(Config config) {
    return ActorSystem.create(Behaviors.empty(), "http-test", config);
  }

  record Answer(HttpResponse<byte[]> response) {
    int status() {
      return response.statusCode();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    String text() {
      return new String(response.body(), java.nio.charset.StandardCharsets.UTF_8);
    }

    JsonNode json() {
      try {
        return new ObjectMapper().readTree(response.body());
      } catch (IOException e) {
        throw new AssertionError("not JSON: " + text(), e);
      }
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(60));
  }

  Answer send(HttpRequest.Builder request) {
    return new Answer(send(request, HttpResponse.BodyHandlers.ofByteArray()));
  }

  <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler) {
    try {
      return client.send(request.build(), handler);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  Answer get(String path) {
    return send(request(path));
  }

  Answer post(String contentType, String body) {
    return send(
        request("/api/v1/pipelines")
            .header("Content-Type", contentType)
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  @Override
  public void close() {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
  }
}
