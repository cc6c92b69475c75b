package io.dayu.side;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.ConfigFactory;
import io.dayu.settings.ConfigurationException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeclaredSidesTest {
  @TempDir private Path dir;
  private final CountDownLatch over = new CountDownLatch(1);
  private final java.util.concurrent.ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    serve("/good", 200, "[1, 2]");
    serve("/gone", 404, "");
    serve("/elsewhere", 302, "");
    serve("/large", 200, "1".repeat(SideValues.MOST + 1));
    server.createContext(
        "/slow",
        exchange -> {
          exchange.sendResponseHeaders(200, 10);
          exchange.getResponseBody().write('[');
          exchange.getResponseBody().flush();
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
    server.start();
  }

  private void serve(String path, int status, String body) {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    server.createContext(
        path,
        exchange -> {
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          if (bytes.length > 0) exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  @AfterEach
  void stop() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private ByteString read(String place, Duration patience) {
    var settings =
        SideSettings.from(
            ConfigFactory.parseString("side-inputs { limits { %s } }".formatted(place)));
    return new DeclaredSides(settings, threads, patience)
        .read("limits")
        .toCompletableFuture()
        .join();
  }

  private ByteString read(String place) {
    return read(place, Duration.ofSeconds(10));
  }

  private String url(String path) {
    return "url = \"http://127.0.0.1:%s%s\"".formatted(server.getAddress().getPort(), path);
  }

  private String file(String content) throws IOException {
    return "file = \"%s\"".formatted(Files.writeString(dir.resolve("limits.json"), content));
  }

  @Test
  void aFileAndAnAddressAreRead() throws IOException {
    assertThat(read(file("{\"most\": 3}")).toStringUtf8()).isEqualTo("{\"most\": 3}");
    assertThat(read(url("/good")).toStringUtf8()).isEqualTo("[1, 2]");
  }

  @Test
  void aFileThatIsGoneOrTooLargeIsToldSo() throws IOException {
    assertThatThrownBy(() -> read("file = \"%s\"".formatted(dir.resolve("none"))))
        .hasMessageContaining("none");
    var large = file("1".repeat(SideValues.MOST + 1));
    assertThatThrownBy(() -> read(large)).hasMessageContaining("262145 bytes", "262144");
  }

  @Test
  void anAddressThatFailsIsToldSo() {
    assertThatThrownBy(() -> read(url("/gone"))).hasMessageContaining("404");
    assertThatThrownBy(() -> read(url("/elsewhere"))).hasMessageContaining("302");
    assertThatThrownBy(() -> read(url("/large"))).hasMessageContaining("more than 262144");
  }

  @Test
  void oneThatDribblesIsGivenUp() {
    assertThatThrownBy(() -> read(url("/slow"), Duration.ofMillis(300)))
        .hasMessageContaining("not read within");
  }

  @Test
  void whatIsNoValueIsToldWhereItIsWrong() {
    assertThat(SideValues.problem(ByteString.copyFromUtf8("{\"a\": 1}"))).isEmpty();
    assertThat(SideValues.problem(ByteString.copyFromUtf8("false"))).isEmpty();
    for (var bad : new String[] {"", "{\"a\": ", "{} {}", "{\"a\": 1, \"a\": 2}", "NaN", "\u0000"})
      assertThat(SideValues.problem(ByteString.copyFromUtf8(bad))).as(bad).isPresent();
    assertThat(SideValues.problem(ByteString.copyFromUtf8("{\n\"a\" 1}")).orElseThrow())
        .contains("no JSON", "line 2");
    assertThat(SideValues.problem(ByteString.copyFromUtf8("null"))).hasValue("null is no value");
    assertThat(SideValues.problem(ByteString.copyFromUtf8("1".repeat(SideValues.MOST + 1))))
        .hasValueSatisfying(problem -> assertThat(problem).contains("262145 bytes"));
    assertThat(SideValues.problem(ByteString.copyFromUtf8("[".repeat(100_000)))).isPresent();
  }

  @Test
  void aDeclarationThatCannotBeMeantIsRefused() {
    for (var bad :
        new String[] {
          "limits {}",
          "limits { file = a, url = \"http://b/\" }",
          "limits { url = \"ftp://b/\" }",
          "limits { file = a, every = 10ms }",
          "limits { file = a, often = yes }",
          "limits = 3",
          "Limits { file = a }"
        })
      assertThatThrownBy(
              () -> SideSettings.from(ConfigFactory.parseString("side-inputs { " + bad + " }")))
          .as(bad)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("dayu.side-inputs.");
  }
}
