package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.dayu.console.Check;
import io.dayu.console.Check.Grade;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.settings.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against servers of its own, which behave as nodes, EdgeMesh and closed ports do. */
class NetworkChecksTest {
  private static final String HOST = "127.0.0.1";

  @TempDir private Path directory;
  private ServerSocket node;
  private HttpServer management;

  @BeforeEach
  void start() throws IOException {
    // The system takes connections; nobody says anything, as a node does not before the first byte.
    node = new ServerSocket(0, 50, InetAddress.getByName(HOST));
    management = HttpServer.create(loopback(), 0);
    answer(management, "");
  }

  @AfterEach
  void stop() throws IOException {
    node.close();
    management.stop(0);
  }

  @Test
  void aClusterThatIsReachedIsWellAndItsMembersAreTriedToo() throws IOException {
    try (var edge = new ServerSocket(0, 50, InetAddress.getByName(HOST))) {
      answer(management, "{\"node\": \"pekko://dayu@%s:%s\"}".formatted(HOST, edge.getLocalPort()));
      var checks = checks(target(Optional.empty()), Clock.systemUTC());
      assertThat(checks).extracting(Check::grade).containsOnly(Grade.OK);
      assertThat(checks)
          .extracting(Check::what)
          .contains(
              "name " + HOST,
              "cluster port %s:%s".formatted(HOST, node.getLocalPort()),
              "clock of " + HOST,
              "cluster port %s:%s".formatted(HOST, edge.getLocalPort()));
    }
  }

  @Test
  void aClockThatIsWrongIsTold() {
    var late = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-10));
    assertThat(checks(target(Optional.empty()), late))
        .filteredOn(check -> check.what().equals("clock of " + HOST))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.grade()).isEqualTo(Grade.PROBLEM);
              assertThat(check.remedy()).contains("NTP");
            });
  }

  @Test
  void aConnectionThatIsTakenAndEndedIsNoNode() throws Exception {
    var mesh = new ServerSocket(0, 50, InetAddress.getByName(HOST));
    var taking =
        new Thread(
            () -> {
              try {
                while (true) mesh.accept().close();
              } catch (IOException closed) {
                // The test is over.
              }
            });
    taking.start();
    try {
      var target =
          new NetworkChecks.Target(
              List.of(new HostPort(HOST, mesh.getLocalPort())),
              node.getLocalPort(),
              management.getAddress().getPort(),
              Optional.empty());
      assertThat(problems(target))
          .extracting(Check::what, Check::found)
          .containsExactly(
              tuple(
                  "cluster port %s:%s".formatted(HOST, mesh.getLocalPort()),
                  "taken and ended at once"));
    } finally {
      mesh.close();
      taking.join();
    }
  }

  @Test
  void aNameWithoutAnAddressAndAPortWithoutANodeAreTold() throws IOException {
    int free;
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
      free = socket.getLocalPort();
    }
    var target =
        new NetworkChecks.Target(
            List.of(new HostPort("nowhere.invalid", 25520), new HostPort(HOST, free)),
            node.getLocalPort(),
            management.getAddress().getPort(),
            Optional.empty());
    var problems = problems(target);
    assertThat(problems)
        .extracting(Check::what)
        .containsExactly("name nowhere.invalid", "cluster port %s:%s".formatted(HOST, free));
    assertThat(problems.get(0).remedy()).contains("169.254.96.16");
    assertThat(problems.get(1).remedy()).contains("is the node running");
  }

  @Test
  void withKeysTheEndpointIsAskedAsANodeAsksAndNoOtherAuthorityIsTrusted() throws IOException {
    var cloud = keys("a", "cloud-1", Role.CLOUD);
    var edge = keys("a", "edge-1", Role.EDGE);
    var stranger = keys("b", "edge-1", Role.EDGE);
    var secured = HttpsServer.create(loopback(), 0);
    secured.setHttpsConfigurator(
        new HttpsConfigurator(cloud.context()) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = getSSLContext().getDefaultSSLParameters();
            wanted.setNeedClientAuth(true);
            parameters.setSSLParameters(wanted);
          }
        });
    answer(secured, "");
    try {
      int port = secured.getAddress().getPort();
      assertThat(problems(target(port, Optional.of(edge)))).isEmpty();
      assertThat(problems(target(port, Optional.of(stranger))))
          .extracting(Check::what)
          .containsExactly("management %s:%s".formatted(HOST, port));
      assertThat(problems(target(port, Optional.empty())))
          .singleElement()
          .satisfies(check -> assertThat(check.remedy()).contains("--keys"));
    } finally {
      secured.stop(0);
    }
  }

  private NodeKeys keys(String authority, String node, Role role) {
    var place = directory.resolve(authority);
    var clock = Clock.systemUTC();
    var day = Duration.ofDays(1);
    var made =
        place.resolve("ca.key").toFile().exists()
            ? Authority.open(place, clock)
            : Authority.create(place, day, clock);
    var unused = made.issue(new Holder(node, role), place.resolve(node), day);
    return NodeKeys.open(place.resolve(node));
  }

  private NetworkChecks.Target target(Optional<NodeKeys> keys) {
    return target(management.getAddress().getPort(), keys);
  }

  private NetworkChecks.Target target(int port, Optional<NodeKeys> keys) {
    return new NetworkChecks.Target(
        List.of(new HostPort(HOST, node.getLocalPort())), node.getLocalPort(), port, keys);
  }

  private static List<Check> checks(NetworkChecks.Target target, Clock clock) {
    return NetworkChecks.of(target, clock);
  }

  private static List<Check> problems(NetworkChecks.Target target) {
    return checks(target, Clock.systemUTC()).stream()
        .filter(check -> check.grade() == Grade.PROBLEM)
        .toList();
  }

  private static InetSocketAddress loopback() throws IOException {
    return new InetSocketAddress(InetAddress.getByName(HOST), 0);
  }

  private static void answer(HttpServer server, String member) {
    var body = "{\"members\": [%s], \"unreachable\": []}".formatted(member);
    try {
      server.removeContext("/cluster/members");
    } catch (IllegalArgumentException none) {
      server.start();
    }
    server.createContext(
        "/cluster/members",
        exchange -> {
          var bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          try (var out = exchange.getResponseBody()) {
            out.write(bytes);
          }
        });
  }
}
