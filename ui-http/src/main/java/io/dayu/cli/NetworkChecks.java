package io.dayu.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.Check;
import io.dayu.console.Check.Grade;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.KeysException;
import io.dayu.keys.NodeKeys;
import io.dayu.settings.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/**
 * Whether this machine reaches the nodes of a cluster as a node would: names of the seeds, their
 * ports, keys, clocks, and the ports of all members that a cloud node knows. Asks nothing of
 * Kubernetes. Each try is bounded by {@link #PATIENCE}.
 */
final class NetworkChecks {
  /**
   * @param seeds cluster ports of cloud nodes
   * @param keys of a node, in a directory; without them what can be seen is less
   */
  record Target(List<HostPort> seeds, int dataPort, int managementPort, Optional<NodeKeys> keys) {
    Target {
      seeds = List.copyOf(seeds);
    }
  }

  /** For a connection, and for an answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /**
   * EdgeMesh takes a connection in place of a member, and ends it once it has found nobody; after
   * so long somebody is there.
   */
  private static final Duration STAYS = Duration.ofSeconds(3);

  /** Certificates are valid from an hour before they were made; results and logs want better. */
  private static final Duration SKEW = Duration.ofSeconds(2);

  private static final Duration BAD_SKEW = Duration.ofMinutes(5);
  private static final int LARGEST_ANSWER = 4 << 20;

  private final Target target;
  private final Clock clock;
  private final List<Check> checks = new ArrayList<>();

  /** Names and ports that were asked. */
  private final Set<String> asked = new LinkedHashSet<>();

  private NetworkChecks(Target target, Clock clock) {
    this.target = target;
    this.clock = clock;
  }

  static List<Check> of(Target target, Clock clock) {
    var checks = new NetworkChecks(target, clock);
    checks.run();
    return List.copyOf(checks.checks);
  }

  private void run() {
    var members = new TreeSet<String>();
    for (var seed : target.seeds()) {
      if (!named(seed.host())) continue;
      port(seed.host(), seed.port(), "cluster");
      port(seed.host(), target.dataPort(), "data");
      if (port(seed.host(), target.managementPort(), "management"))
        management(seed.host()).ifPresent(answer -> members.addAll(addresses(answer)));
    }
    for (var member : members) {
      var at = HostPort.parse(member);
      if (!named(at.host())) continue;
      port(at.host(), at.port(), "cluster");
      port(at.host(), target.dataPort(), "data");
    }
  }

  /** Whether the name has an address; told once for each. */
  private boolean named(String host) {
    if (!asked.add(host)) return true;
    try {
      var addresses =
          Arrays.stream(InetAddress.getAllByName(host)).map(InetAddress::getHostAddress);
      ok("name " + host, String.join(", ", addresses.toList()));
      return true;
    } catch (UnknownHostException e) {
      problem(
          "name " + host,
          "has no address",
          "names of Services are known where the cluster's DNS is asked: on edges edgecore needs clusterDNS: [169.254.96.16] and clusterDomain: cluster.local, and EdgeMesh's agent must run; is the Service there?");
      return false;
    }
  }

  /** Whether somebody is at a port; told once for each. */
  @CanIgnoreReturnValue
  private boolean port(String host, int port, String what) {
    var place = HostPort.text(host, port);
    if (!asked.add(place)) return false;
    var name = "%s port %s".formatted(what, place);
    try (var socket = new Socket()) {
      try {
        socket.connect(new InetSocketAddress(host, port), (int) PATIENCE.toMillis());
      } catch (IOException e) {
        problem(name, notConnected(e), remedy(e));
        return false;
      }
      socket.setSoTimeout((int) STAYS.toMillis());
      boolean ended = socket.getInputStream().read() < 0;
      if (ended)
        problem(
            name,
            "taken and ended at once",
            "EdgeMesh, or another proxy, answers in place of the node and finds nobody: is its pod running, and do its Endpoints have the node's InternalIP and nodeName? Between sites: are relayNodes reached (port 20006)?");
      else ok(name, "reached");
      return !ended;
    } catch (SocketTimeoutException silent) {
      // A node waits for the first byte, as it should.
      ok(name, "reached");
      return true;
    } catch (IOException e) {
      problem(name, told(e), "it ends connections: look at the log of the node");
      return false;
    }
  }

  private static String notConnected(IOException e) {
    if (e instanceof SocketTimeoutException)
      return "no answer within %s s".formatted(PATIENCE.toSeconds());
    return told(e);
  }

  private static String remedy(IOException e) {
    if (e instanceof ConnectException)
      return "is the node running, and is this its port (ports of the installation)?";
    return "a firewall, or no route (EdgeMesh's agent of this machine?): let nodes reach each other";
  }

  /** What the management endpoint says of the members; also tells of its key and its clock. */
  private Optional<JsonNode> management(String host) {
    var place = HostPort.text(host, target.managementPort());
    var name = "management " + place;
    try {
      var connection = connection(place);
      connection.setConnectTimeout((int) PATIENCE.toMillis());
      connection.setReadTimeout((int) PATIENCE.toMillis());
      try (InputStream body = connection.getInputStream()) {
        var answer = new ObjectMapper().readTree(body.readNBytes(LARGEST_ANSWER));
        clock(host, connection.getDate());
        members(name, answer);
        return Optional.of(answer);
      } finally {
        connection.disconnect();
      }
    } catch (KeysException e) {
      problem(
          name, String.valueOf(e.getMessage()), "docs/security.md tells what each such line means");
    } catch (IOException e) {
      problem(
          name,
          told(e),
          target.keys().isEmpty()
              ? "where nodes have keys it answers who shows one: --keys DIRECTORY, of any node"
              : "docs/security.md tells what is wrong with a key; the node's log has the other side");
    }
    return Optional.empty();
  }

  private HttpURLConnection connection(String place) throws IOException {
    var path = place + "/cluster/members";
    if (target.keys().isEmpty())
      return (HttpURLConnection) URI.create("http://" + path).toURL().openConnection();
    var connection = (HttpsURLConnection) URI.create("https://" + path).toURL().openConnection();
    connection.setSSLSocketFactory(target.keys().get().context().getSocketFactory());
    // Its name is in its key; that of its address is a Service's.
    connection.setHostnameVerifier((host, session) -> NodeKeys.peer(session).role() == Role.CLOUD);
    return connection;
  }

  private static String told(@Nullable Throwable e) {
    var text = "";
    for (var at = e; at != null; at = at.getCause())
      if (at.getMessage() != null) text = at.getMessage();
    return text.isEmpty() ? String.valueOf(e) : text;
  }

  /**
   * @param date when it answered, by its clock, in whole seconds; 0 if it did not say
   */
  private void clock(String host, long date) {
    if (date == 0) return;
    var skew = Duration.between(Instant.ofEpochMilli(date), clock.instant()).abs();
    var found =
        skew.compareTo(SKEW) < 0
            ? "as here, to the second"
            : "%s s apart".formatted(skew.toSeconds());
    var remedy = "let NTP set the clocks of both; keys, ages and times of results go by them";
    var name = "clock of " + host;
    if (skew.compareTo(SKEW) < 0) ok(name, found);
    else
      checks.add(
          new Check(
              name, skew.compareTo(BAD_SKEW) < 0 ? Grade.HINT : Grade.PROBLEM, found, remedy));
  }

  private void members(String name, JsonNode answer) {
    int all = answer.path("members").size();
    var unreachable = new TreeSet<String>();
    for (var member : answer.path("unreachable"))
      unreachable.add(hostPort(member.path("node").asText()).orElse("?"));
    if (unreachable.isEmpty()) ok(name, "%s members, all reached".formatted(all));
    else
      checks.add(
          new Check(
              name,
              Grade.HINT,
              "%s members, not reached: %s".formatted(all, String.join(", ", unreachable)),
              "edges that are cut off are there; if one should not be, look at its lines below"));
  }

  private static Set<String> addresses(JsonNode answer) {
    var addresses = new TreeSet<String>();
    for (var member : answer.path("members"))
      hostPort(member.path("node").asText()).ifPresent(addresses::add);
    return addresses;
  }

  /** Of {@code pekko://dayu@host:port}. */
  private static Optional<String> hostPort(String address) {
    var text = address.substring(address.indexOf('@') + 1);
    try {
      var at = HostPort.parse(text);
      return Optional.of(HostPort.text(at.host(), at.port()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private void ok(String what, String found) {
    checks.add(new Check(what, Grade.OK, found, ""));
  }

  private void problem(String what, String found, String remedy) {
    checks.add(new Check(what, Grade.PROBLEM, found, remedy));
  }
}
