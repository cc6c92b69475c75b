package io.dayu.http;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import io.dayu.settings.Section;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Settings of the HTTP interface, {@code dayu.http} in the configuration.
 *
 * @param port 0 for any free one
 * @param maxBody bytes
 * @param requestTimeout for a body to come in, and again for the cluster to answer
 * @param heartbeat pause after which a silent event stream sends a sign of life
 * @param pollInterval how often event streams look for changes
 * @param silentAfter age of the latest report from which a node counts as silent
 * @param headTimeout for the head of a request to come in
 * @param idleTimeout between requests, and for a caller to take something of what is sent
 * @param maxConnections in all, with an eighth that only this machine may use
 * @param connectionsPerAddress at most; half of them may be event streams
 */
public record HttpSettings(
    String host,
    int port,
    Tokens tokens,
    long maxBody,
    Duration requestTimeout,
    Duration heartbeat,
    Duration pollInterval,
    Duration silentAfter,
    Duration headTimeout,
    Duration idleTimeout,
    int maxConnections,
    int connectionsPerAddress) {
  private static final String PATH = "dayu.http";
  private static final Duration SHORTEST = Duration.ofMillis(10);

  public HttpSettings {
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(tokens, "tokens");
    new Checks(PATH)
        .host("host", host)
        .port("port", port)
        .that(
            maxBody >= 1 && maxBody <= 64 << 20,
            "max-body",
            "is %s bytes; it must be 1 byte to 64 MiB".formatted(maxBody))
        .atLeast("request-timeout", requestTimeout, SHORTEST)
        .atLeast("heartbeat", heartbeat, SHORTEST)
        .atLeast("poll-interval", pollInterval, SHORTEST)
        .atLeast("silent-after", silentAfter, SHORTEST)
        .atLeast("head-timeout", headTimeout, SHORTEST)
        .atLeast("idle-timeout", idleTimeout, SHORTEST)
        .that(
            maxConnections >= 8 && maxConnections <= 100_000,
            "max-connections",
            "is %s; it must be 8 to 100000".formatted(maxConnections))
        .positive("connections-per-address", connectionsPerAddress)
        .enforce();
    host = HostPort.host(host);
  }

  /**
   * Reads the settings of a complete configuration.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static HttpSettings from(Config root) {
    return Section.read(
        PATH,
        root.getConfig(PATH),
        section ->
            new HttpSettings(
                section.text("host"),
                section.count("port"),
                section.get("tokens", HttpSettings::tokens, Tokens.NONE),
                section.bytes("max-body"),
                section.duration("request-timeout"),
                section.duration("heartbeat"),
                section.duration("poll-interval"),
                section.duration("silent-after"),
                section.duration("head-timeout"),
                section.duration("idle-timeout"),
                section.count("max-connections"),
                section.count("connections-per-address")));
  }

  /** A list, or one string with commas as in the environment. */
  private static Tokens tokens(Config config, String key) {
    List<String> texts;
    if (config.getValue(key).valueType() == ConfigValueType.STRING) {
      var text = config.getString(key).strip();
      texts = text.isEmpty() ? List.of() : List.of(text.split("\\s*,\\s*"));
    } else texts = config.getStringList(key);
    return new Tokens(
        texts.stream()
            .map(
                text ->
                    Tokens.parse(text)
                        .orElseThrow(
                            () ->
                                new IllegalArgumentException(
                                    "an entry is not \"read:\", \"write:\" or \"admin:\" and 64 hexadecimal digits")))
            .toList());
  }

  /**
   * The same with one more token, which may do everything, for a part of the node that uses the
   * interface as others do; where no token is needed nothing is added.
   */
  public HttpSettings with(String token) {
    return new HttpSettings(
        host,
        port,
        tokens.with(token),
        maxBody,
        requestTimeout,
        heartbeat,
        pollInterval,
        silentAfter,
        headTimeout,
        idleTimeout,
        maxConnections,
        connectionsPerAddress);
  }

  /**
   * Whether others than the user of this machine can use the interface: it has tokens, or is bound
   * to more than loopback.
   */
  public boolean isOpenToOthers() {
    return !tokens.open() || !loopback();
  }

  Callers.Bounds bounds() {
    return new Callers.Bounds(maxConnections, connectionsPerAddress);
  }

  /** A body that is late is told so before the connection is closed for it. */
  Conversation.Limits limits() {
    return new Conversation.Limits(headTimeout, requestTimeout.multipliedBy(2), idleTimeout);
  }

  /** Whether only processes of this machine can reach the interface. */
  boolean loopback() {
    return HostPort.isLoopback(host);
  }
}
