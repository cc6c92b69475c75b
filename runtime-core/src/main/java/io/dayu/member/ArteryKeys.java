package io.dayu.member;

import io.dayu.keys.Handshakes;
import io.dayu.keys.KeysException;
import io.dayu.keys.NodeKeys;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * Encrypts the connections of the cluster with the keys of the node, and takes only nodes of the
 * same authority. What is wrong with a connection is told a few times a minute, on both sides.
 */
final class ArteryKeys implements SSLEngineProvider {
  private static final Logger LOG = LoggerFactory.getLogger(ArteryKeys.class);
  private static final int TOLD_AT_ONCE = 5;
  private static final long WINDOW = Duration.ofMinutes(1).toNanos();

  private final NodeKeys keys;
  private final KnownKeys known;
  private long began = System.nanoTime();
  private int told;

  /**
   * @param known takes down whose key is shown where
   */
  ArteryKeys(NodeKeys keys, KnownKeys known) {
    this.keys = keys;
    this.known = known;
  }

  @Override
  public SSLEngine createServerSSLEngine(String host, int port) {
    return new WatchedEngine(
        keys.server(), s -> {}, e -> tell("a connection to the cluster port", e));
  }

  @Override
  public SSLEngine createClientSSLEngine(String host, int port) {
    var there = "the connection to the cluster port of %s port %s".formatted(host, port);
    return new WatchedEngine(
        keys.client(), s -> known.shown(host, port, NodeKeys.peer(s)), e -> tell(there, e));
  }

  @Override
  public Option<Throwable> verifyClientSession(String host, SSLSession session) {
    return verify(session);
  }

  @Override
  public Option<Throwable> verifyServerSession(String host, SSLSession session) {
    return verify(session);
  }

  private static Option<Throwable> verify(SSLSession session) {
    try {
      var unused = NodeKeys.peer(session);
      return Option.empty();
    } catch (KeysException e) {
      return Option.apply(e);
    }
  }

  private synchronized void tell(String which, SSLException error) {
    long now = System.nanoTime();
    if (now - began >= WINDOW) {
      began = now;
      told = 0;
    }
    if (told++ < TOLD_AT_ONCE)
      LOG.warn("{} is closed: {}", which, Handshakes.problem(error).orElse("unknown"));
  }
}
