package io.dayu.bench.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.dayu.client.ApiClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoredResultsTest {
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/v1/pipelines/moves/results",
        exchange -> {
          var query = exchange.getRequestURI().getRawQuery();
          var page =
              query.contains("after=a%2Fb")
                  ? "{\"items\": [{\"seq\": 2}, {\"seq\": 4}]}"
                  : "{\"items\": [{\"seq\": 0}, {\"seq\": 1}, {\"seq\": 1}], \"next\": \"a/b\"}";
          exchange.sendResponseHeaders(200, page.getBytes(UTF_8).length);
          try (var body = exchange.getResponseBody()) {
            body.write(page.getBytes(UTF_8));
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void countsOverAllPagesWhatIsThereTwiceAndWhatIsMissing() {
    var api =
        new ApiClient(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort()), Optional.empty());
    List<Long> progress = new ArrayList<>();
    var stored = StoredResults.count(api, "moves", progress::add);

    assertThat(stored).isEqualTo(new StoredResults(5, 4, 4));
    assertThat(stored.duplicates()).isEqualTo(1);
    assertThat(stored.missing(6)).isEqualTo(2);
    assertThat(progress).containsExactly(3L, 5L);
  }
}
