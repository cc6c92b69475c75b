package io.dayu.member;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.KeysException;
import io.dayu.keys.NodeKeys;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.HttpsURLConnection;

/**
 * {@link Seeds} by {@code GET /cluster/members} of the cloud nodes' management endpoints. Made of
 * what a node has loaded anyway: the JDK's HTTP client and a JSON library would cost a small edge
 * more than ten megabytes.
 */
final class HttpSeeds implements Seeds {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(3);

  /** A view of some hundred members has some tens of kilobytes. */
  private static final int LARGEST = 4 << 20;

  private final List<String> endpoints;
  private final Optional<NodeKeys> keys;
  private final Executor blocking;
  private final AtomicInteger turn = new AtomicInteger();
  private final Map<String, Last> last = new ConcurrentHashMap<>(); // by endpoint

  /** What an endpoint said last, and what follows from it for this life of the node. */
  private record Last(String text, MemberSystem.Identity identity, Answer answer) {}

  /**
   * @param endpoints {@code host:port}, at least one
   * @param keys where there are some, only a cloud node that shows one is believed
   * @param blocking where they are asked
   */
  HttpSeeds(List<String> endpoints, Optional<NodeKeys> keys, Executor blocking) {
    if (endpoints.isEmpty()) throw new IllegalArgumentException("no management endpoint");
    this.endpoints = List.copyOf(endpoints);
    this.keys = keys;
    this.blocking = blocking;
  }

  @Override
  public CompletionStage<Answer> ask(MemberSystem.Identity identity) {
    var endpoint = endpoints.get(Math.floorMod(turn.getAndIncrement(), endpoints.size()));
    return CompletableFuture.supplyAsync(() -> answer(endpoint, identity), blocking)
        .exceptionally(noAnswer -> Answer.NONE);
  }

  /** The list grows with the fleet and rarely changes: the same text is not parsed again. */
  private Answer answer(String endpoint, MemberSystem.Identity identity) {
    var text = get(endpoint);
    var before = last.get(endpoint);
    if (before != null && before.text().equals(text) && before.identity().equals(identity))
      return before.answer();
    var answer =
        read(
            ConfigFactory.parseString(
                text, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON)),
            identity);
    last.put(endpoint, new Last(text, identity, answer));
    return answer;
  }

  private String get(String endpoint) {
    try {
      var connection = open(endpoint + "/cluster/members");
      connection.setConnectTimeout((int) CONNECT.toMillis());
      connection.setReadTimeout((int) ANSWER.toMillis());
      try (var body = connection.getInputStream()) {
        var text = new String(body.readNBytes(LARGEST), StandardCharsets.UTF_8);
        if (connection.getResponseCode() != 200)
          throw new IOException("status " + connection.getResponseCode());
        return text;
      }
    } catch (IOException | KeysException e) {
      throw new IllegalStateException(endpoint + ": " + e.getMessage(), e);
    }
  }

  private HttpURLConnection open(String place) throws IOException {
    if (keys.isEmpty()) return (HttpURLConnection) new URL("http://" + place).openConnection();
    var connection = (HttpsURLConnection) new URL("https://" + place).openConnection();
    connection.setSSLSocketFactory(keys.get().context().getSocketFactory());
    // The name in the certificate is that of a node, not that of its host.
    connection.setHostnameVerifier(
        (host, session) -> NodeKeys.peer(session).role().equals(Role.CLOUD));
    return connection;
  }

  private static Answer read(Config view, MemberSystem.Identity identity) {
    try {
      var members = view.getConfigList("members");
      var uid = Long.toString(identity.uid());
      boolean known =
          members.stream()
              .anyMatch(m -> is(m, identity.address()) && m.getString("nodeUid").equals(uid));
      if (!known) return Answer.UNKNOWN;
      return view.getConfigList("unreachable").stream()
              .filter(m -> is(m, identity.address()))
              .flatMap(m -> m.getStringList("observedBy").stream())
              .anyMatch(observer -> isCloud(members, observer))
          ? Answer.UNREACHABLE
          : Answer.MEMBER;
    } catch (ConfigException e) {
      return Answer.NONE; // the answer is not a list of members
    }
  }

  /**
   * Only what cloud nodes observe counts, because edges of two sites may never reach each other.
   */
  private static boolean isCloud(List<? extends Config> members, String address) {
    return members.stream()
        .anyMatch(m -> is(m, address) && m.getStringList("roles").contains("cloud"));
  }

  private static boolean is(Config member, String address) {
    return member.getString("node").equals(address);
  }
}
