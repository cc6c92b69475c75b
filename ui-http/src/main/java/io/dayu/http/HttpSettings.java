package io.dayu.http;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueType;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Settings of the HTTP interface, {@code dayu.http} in the configuration.
 *
 * @param port 0 for any free one
 * @param maxBody bytes
 * @param requestTimeout for a body to come in, and again for the cluster to answer
 * @param heartbeat pause after which a silent event stream sends a sign of life
 * @param pollInterval how often event streams look for changes
 * @param silentAfter age of the latest report from which a node counts as silent
 */
public record HttpSettings(
    String host,
    int port,
    Tokens tokens,
    long maxBody,
    Duration requestTimeout,
    Duration heartbeat,
    Duration pollInterval,
    Duration silentAfter) {
  private static final String PATH = "dayu.http";

  public HttpSettings {
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(tokens, "tokens");
    Objects.requireNonNull(requestTimeout, "requestTimeout");
    Objects.requireNonNull(heartbeat, "heartbeat");
    Objects.requireNonNull(pollInterval, "pollInterval");
    Objects.requireNonNull(silentAfter, "silentAfter");
  }

  /**
   * Reads the settings.
   *
   * @throws ConfigException.ValidationFailed with all problems at once
   */
  public static HttpSettings from(Config root) {
    return new Reader(root).read();
  }

  /** Whether only processes of this machine can reach the interface. */
  boolean loopback() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false; // the bind itself will say so
    }
  }

  private static final class Reader {
    private final Config root;
    private final List<ConfigException.ValidationProblem> problems = new ArrayList<>();

    Reader(Config root) {
      this.root = root;
    }

    HttpSettings read() {
      var host = get("host", root::getString, "");
      var port = get("port", root::getInt, 0);
      if (port < 0 || port > 65535) problem("port", "must be 0 to 65535, was " + port);
      var maxBody = get("max-body", root::getBytes, 1L);
      if (maxBody < 1 || maxBody > 64 << 20)
        problem("max-body", "must be 1 byte to 64 MiB, was " + maxBody + " bytes");
      var tokens = new ArrayList<Tokens.Token>();
      for (var text : get("tokens", this::strings, List.<String>of()))
        Tokens.parse(text)
            .ifPresentOrElse(
                tokens::add,
                () ->
                    problem(
                        "tokens",
                        "an entry is not \"read:\" or \"write:\" and 64 hexadecimal digits"));
      var requestTimeout = duration("request-timeout");
      var heartbeat = duration("heartbeat");
      var pollInterval = duration("poll-interval");
      var silentAfter = duration("silent-after");
      if (!problems.isEmpty()) throw new ConfigException.ValidationFailed(problems);
      return new HttpSettings(
          host,
          port,
          new Tokens(tokens),
          maxBody,
          requestTimeout,
          heartbeat,
          pollInterval,
          silentAfter);
    }

    private List<String> strings(String path) {
      if (root.getValue(path).valueType() != ConfigValueType.STRING)
        return root.getStringList(path);
      var text = root.getString(path).strip();
      return text.isEmpty() ? List.of() : List.of(text.split("\\s*,\\s*"));
    }

    private Duration duration(String key) {
      var value = get(key, root::getDuration, Duration.ofSeconds(1));
      if (value.compareTo(Duration.ofMillis(10)) < 0)
        problem(key, "must be at least 10ms, was " + value.toMillis() + "ms");
      return value;
    }

    private <T> T get(String key, Function<String, T> getter, T otherwise) {
      try {
        return getter.apply(PATH + "." + key);
      } catch (ConfigException e) {
        problem(key, String.valueOf(e.getMessage()));
        return otherwise;
      }
    }

    private void problem(String key, String message) {
      problems.add(new ConfigException.ValidationProblem(PATH + "." + key, root.origin(), message));
    }
  }
}
