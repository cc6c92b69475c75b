package io.dayu.read;

import com.hivemq.client.mqtt.datatypes.MqttClientIdentifier;
import com.hivemq.client.mqtt.datatypes.MqttTopicFilter;
import io.dayu.source.Login;
import io.dayu.source.Query;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * What is subscribed to, and where.
 *
 * @param client the identifier by which the broker knows the session
 * @param version of the protocol, 5 or 3 (that is 3.1.1)
 * @param credentials names the environment variable with user and password
 * @param outstanding the most messages the broker may send ahead of acknowledgements
 * @param sessionSeconds how long the broker is to keep the session while nobody is connected
 */
record MqttTarget(
    String host,
    int port,
    boolean tls,
    String topic,
    String client,
    int version,
    Optional<String> credentials,
    int outstanding,
    long sessionSeconds) {
  static final List<String> PARAMETERS =
      List.of("format", "version", "client", Login.PARAMETER, "outstanding", "session");

  private static final int PORT = 1883;
  private static final int TLS_PORT = 8883;
  private static final int MAX_OUTSTANDING = 65_535;
  private static final int OUTSTANDING = 1_024;
  private static final long WEEK = 7 * 24 * 3_600;
  private static final long MAX_SESSION = (1L << 32) - 2;

  static boolean claims(URI uri) {
    return "mqtt".equalsIgnoreCase(uri.getScheme()) || "mqtts".equalsIgnoreCase(uri.getScheme());
  }

  /**
   * @param query of {@code uri}
   * @throws SourceException what is wrong with the URI; permanent
   */
  static MqttTarget of(URI uri, Query query, String stream) {
    boolean tls = "mqtts".equalsIgnoreCase(uri.getScheme());
    var path = Optional.ofNullable(uri.getPath()).orElse("");
    if (uri.getHost() == null || path.length() < 2)
      throw wrong("%s needs a host and a topic, as in mqtt://broker/plant/+/temperature", uri);
    if (uri.getFragment() != null)
      throw wrong("in %s the wildcard # begins a fragment; write it as %%23", uri);
    var version = query.text("version").orElse("5");
    if (!version.equals("3") && !version.equals("5"))
      throw wrong("%s: version is 5 or 3 (that is 3.1.1)", uri);
    var topic = path.substring(1);
    try {
      MqttTopicFilter.of(topic);
      query.text("client").ifPresent(MqttClientIdentifier::of);
    } catch (IllegalArgumentException e) {
      throw query.wrong(String.valueOf(e.getMessage()));
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : tls ? TLS_PORT : PORT;
    return new MqttTarget(
        uri.getHost(),
        port,
        tls,
        topic,
        query.text("client").orElseGet(() -> client(stream, topic)),
        Integer.parseInt(version),
        query.text(Login.PARAMETER),
        (int) Math.max(1, query.whole("outstanding", OUTSTANDING, MAX_OUTSTANDING)),
        query.whole("session", WEEK, MAX_SESSION));
  }

  /** The parameters of a URI without a password. */
  static Query query(URI uri, List<String> parameters) {
    // Whatever else is wrong would be told with the URI.
    refusePassword(uri);
    return Query.of(uri, parameters);
  }

  /**
   * The session of a URI that names its client, in words; others have one of their own. A broker
   * knows its clients whatever port they use.
   *
   * @param query of {@code uri}, which is right
   */
  static Optional<String> session(URI uri, Query query) {
    return query
        .text("client")
        .map(
            client ->
                "client=%s at %s"
                    .formatted(client, of(uri, query, "").host().toLowerCase(Locale.ROOT)));
  }

  /** A password in a pipeline would be read by everyone who may read the pipeline. */
  private static void refusePassword(URI uri) {
    if (uri.getRawAuthority() != null && uri.getRawAuthority().contains("@"))
      throw new SourceException(
          "user and password do not belong into the uri of a source; put them as user:password into"
              + " the environment variable %s of the node and write ?credentials=plant"
                  .formatted(Login.variable("plant")),
          true,
          null);
  }

  /** For messages. */
  String broker() {
    return "%s://%s:%s".formatted(tls ? "mqtts" : "mqtt", host, port);
  }

  /**
   * The client identifier. It is the same after a restart and on another node, so that the session
   * is continued. It differs by topic, because the broker would send messages of the old topic in a
   * continued session.
   */
  private static String client(String stream, String topic) {
    var digest = UUID.nameUUIDFromBytes((stream + " " + topic).getBytes(StandardCharsets.UTF_8));
    return "dayu-%s-%s"
        .formatted(stream.replaceAll("[^A-Za-z0-9-]", "-"), digest.toString().substring(0, 8));
  }

  private static SourceException wrong(String message, URI uri) {
    return new SourceException(message.formatted("source " + ShownUri.of(uri)), true, null);
  }
}
