package io.dayu.read;

import io.dayu.source.Login;
import io.dayu.source.SourceException;
import io.dayu.stage.Causes;
import java.net.URI;
import java.security.cert.CertificateException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One connection to a broker, which is opened once. */
interface MqttBroker {
  /**
   * A message.
   *
   * @param retained sent because of the subscription and not because it was published now
   * @param kept whether the broker keeps it until it is acknowledged
   * @param acknowledge may be called by any thread; without effect once the connection has ended
   */
  record Message(
      String topic, byte[] payload, boolean retained, boolean kept, Runnable acknowledge) {
    boolean sameAs(Message other) {
      return topic.equals(other.topic) && Arrays.equals(payload, other.payload);
    }
  }

  /**
   * Why a broker refuses or ends a connection, which is never for good: what it allows can be
   * changed while the pipeline runs, and brokers refuse what they allow while they start.
   */
  enum Refusal {
    OF_CREDENTIALS("; correct the credentials of this node, or what the broker knows of them"),
    OF_CLIENT("; correct the client or version of the uri, or what the broker allows"),
    ELSEWHERE("; name the server that is meant in the uri"),
    BUSY("");

    private final String remedy;

    Refusal(String remedy) {
      this.remedy = remedy;
    }
  }

  /** A connection without any sign of life is given up after one and a half of this. */
  int KEEP_ALIVE_SECONDS = 15;

  /**
   * Connects and subscribes. Messages may come before this completes.
   *
   * @param lost called when the connection has ended, for whatever reason
   * @return whether the broker had kept the session
   */
  CompletionStage<Boolean> open(Consumer<Message> arrived, Consumer<Throwable> lost);

  /** Ends the connection; the broker keeps the session. */
  void close();

  /** What an error of this connection means. */
  SourceException failure(Throwable error);

  /**
   * @param environment of the node, to look the credentials up in
   * @throws SourceException permanent, if they are not there, or not for this broker
   */
  static MqttBroker of(MqttTarget target, UnaryOperator<String> environment) {
    var broker = URI.create(target.broker());
    var login = target.credentials().map(name -> Login.of(name, broker, environment));
    login
        .flatMap(own -> own.refusal(target.tls(), target.host()))
        .ifPresent(
            refusal -> {
              throw told(target, refusal, true, null);
            });
    return target.version() == 3 ? new Mqtt3Broker(target, login) : new Mqtt5Broker(target, login);
  }

  /** The exception for a failure; its wording is the same for both versions. */
  static SourceException told(
      MqttTarget target, String what, boolean permanent, @Nullable Throwable cause) {
    return new SourceException(target.broker() + ": " + what, permanent, cause);
  }

  /**
   * A connection that the broker refuses or ends.
   *
   * @param what it does
   * @param why its code, and its own words if there are any
   */
  static SourceException refused(
      MqttTarget target, String what, String why, Refusal refusal, Throwable cause) {
    return told(
        target,
        "the broker %s the connection (%s)%s".formatted(what, why, refusal.remedy),
        false,
        cause);
  }

  /**
   * A refused subscription. It is not permanent: access rules change, and the broker still keeps
   * the messages of the session.
   */
  static SourceException notSubscribed(MqttTarget target, Object code, Throwable t) {
    return told(
        target,
        "the broker refuses the subscription to '%s' (%s); correct the topic or the broker's access rules"
            .formatted(target.topic(), code),
        false,
        t);
  }

  static SourceException lost(MqttTarget target, Throwable error) {
    var causes = Stream.iterate(error, Objects::nonNull, Throwable::getCause).toList();
    var last = causes.get(causes.size() - 1);
    var reason = Causes.words(last);
    // Java's reason says what is wrong with the certificate or trust store, but not what to do.
    if (causes.stream().anyMatch(CertificateException.class::isInstance))
      reason =
          "the broker's certificate is refused (%s); it must be valid now, name %s, and be in the trust store that javax.net.ssl.trustStore of this node's JVM names, or signed by one that is"
              .formatted(reason, target.host());
    return told(target, "no connection: " + reason, false, error);
  }
}
