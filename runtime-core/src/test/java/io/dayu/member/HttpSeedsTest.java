package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.keys.TestKeys;
import io.dayu.member.MemberSystem.Identity;
import io.dayu.member.Seeds.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers as pekko-management 1.1 gives them, and others. */
final class HttpSeedsTest {
  private static final Duration MONTH = Duration.ofDays(30);
  private static final Identity EDGE = new Identity("pekko://dayu@10.0.0.7:25520", 4711);
  private static final String VIEW =
      """
      {"leader": "pekko://dayu@10.0.0.1:25520", "members": [
         {"node": "pekko://dayu@10.0.0.1:25520", "nodeUid": "12", "roles": ["cloud"], "status": "Up"},
         {"node": "pekko://dayu@10.0.0.7:25520", "nodeUid": "%s", "roles": ["edge"], "status": "WeaklyUp"}],
       "oldest": "pekko://dayu@10.0.0.1:25520", "oldestPerRole": {}, "selfNode": "pekko://dayu@10.0.0.1:25520",
       "unreachable": [%s]}
      """;

  private final List<HttpServer> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  /** The address of an endpoint that says this. */
  private String endpoint(int status, String body) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    return serve(server, status, body);
  }

  private String serve(HttpServer server, int status, String body) {
    return serve(server, status, () -> body);
  }

  private String serve(HttpServer server, int status, Supplier<String> body) {
    server.createContext(
        "/cluster/members",
        exchange -> {
          try (exchange) {
            var bytes = body.get().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
    server.start();
    servers.add(server);
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private static Answer ask(String... endpoints) throws Exception {
    return next(new HttpSeeds(List.of(endpoints), Optional.empty(), ForkJoinPool.commonPool()));
  }

  private static Answer next(HttpSeeds seeds) throws Exception {
    return seeds.ask(EDGE).toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @Test
  void aMemberIsKnownByAddressAndUid() throws Exception {
    assertThat(ask(endpoint(200, VIEW.formatted("4711", "")))).isEqualTo(Answer.MEMBER);
    assertThat(ask(endpoint(200, VIEW.formatted("4712", "")))).isEqualTo(Answer.UNKNOWN);
  }

  @Test
  void theSameListIsAnsweredAnewForAnotherLife() throws Exception {
    var seeds =
        new HttpSeeds(
            List.of(endpoint(200, VIEW.formatted("4711", ""))),
            Optional.empty(),
            ForkJoinPool.commonPool());
    assertThat(next(seeds)).isEqualTo(Answer.MEMBER);
    assertThat(next(seeds)).isEqualTo(Answer.MEMBER);
    var later = new Identity(EDGE.address(), 4712);
    assertThat(seeds.ask(later).toCompletableFuture().get(30, TimeUnit.SECONDS))
        .isEqualTo(Answer.UNKNOWN);
  }

  @Test
  void aListThatChangesIsReadAnew() throws Exception {
    var body = new AtomicReference<>(VIEW.formatted("4711", ""));
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    var seeds =
        new HttpSeeds(
            List.of(serve(server, 200, body::get)), Optional.empty(), ForkJoinPool.commonPool());
    assertThat(next(seeds)).isEqualTo(Answer.MEMBER);
    body.set(VIEW.formatted("4712", ""));
    assertThat(next(seeds)).isEqualTo(Answer.UNKNOWN);
  }

  @Test
  void anUnreachableMemberIsToldApart() throws Exception {
    var unreachable =
        """
        {"node": "pekko://dayu@10.0.0.7:25520", "observedBy": ["pekko://dayu@10.0.0.1:25520"]}\
        """;
    assertThat(ask(endpoint(200, VIEW.formatted("4711", unreachable))))
        .isEqualTo(Answer.UNREACHABLE);
    // By another edge, which may have no way to it.
    assertThat(ask(endpoint(200, VIEW.formatted("4711", unreachable.replace("0.1", "0.9")))))
        .isEqualTo(Answer.MEMBER);
    // One of an earlier life.
    assertThat(ask(endpoint(200, VIEW.formatted("4712", unreachable)))).isEqualTo(Answer.UNKNOWN);
  }

  @Test
  void whatIsNoAnswerSaysNothing() throws Exception {
    assertThat(ask(endpoint(503, VIEW.formatted("4712", "")))).isEqualTo(Answer.NONE);
    assertThat(ask(endpoint(200, "<html>"))).isEqualTo(Answer.NONE);
    assertThat(ask(endpoint(200, "{}"))).isEqualTo(Answer.NONE);
    assertThat(ask("host name:1")).isEqualTo(Answer.NONE);
    var gone = endpoint(200, "");
    servers.remove(0).stop(0);
    assertThat(ask(gone)).isEqualTo(Answer.NONE);
  }

  @Test
  void cloudNodesAreAskedInTurn() throws Exception {
    var seeds =
        new HttpSeeds(
            List.of(
                endpoint(200, VIEW.formatted("4711", "")), endpoint(200, VIEW.formatted("1", ""))),
            Optional.empty(),
            ForkJoinPool.commonPool());
    assertThat(next(seeds)).isEqualTo(Answer.MEMBER);
    assertThat(next(seeds)).isEqualTo(Answer.UNKNOWN);
    assertThat(next(seeds)).isEqualTo(Answer.MEMBER);
  }

  @Test
  void withKeysOnlyACloudNodeIsBelieved(@TempDir Path directory, @TempDir Path elsewhere)
      throws Exception {
    var keys = new TestKeys(directory);
    var view = VIEW.formatted("4711", "");
    var cloud = NodeKeys.open(keys.issue(new Holder("cloud-1", Role.CLOUD), "cloud-1", MONTH));
    assertThat(ask(keys, endpoint(cloud, view))).isEqualTo(Answer.MEMBER);
    assertThat(ask(keys, endpoint(keys.edge("edge-9"), view))).isEqualTo(Answer.NONE);
    assertThat(ask(keys, endpoint(200, view))).isEqualTo(Answer.NONE);
    var foreign =
        NodeKeys.open(
            new TestKeys(elsewhere).issue(new Holder("cloud-1", Role.CLOUD), "cloud-1", MONTH));
    assertThat(ask(keys, endpoint(foreign, view))).isEqualTo(Answer.NONE);
  }

  private static Answer ask(TestKeys keys, String endpoint) throws Exception {
    var own = Optional.of(keys.edge("edge-1-" + endpoint.replaceAll(".*:", "")));
    return next(new HttpSeeds(List.of(endpoint), own, ForkJoinPool.commonPool()));
  }

  /** One that shows a key and wants one. */
  private String endpoint(NodeKeys keys, String body) throws IOException {
    var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(keys.context()) {
          @Override
          public void configure(HttpsParameters parameters) {
            parameters.setNeedClientAuth(true);
          }
        });
    return serve(server, 200, body);
  }
}
