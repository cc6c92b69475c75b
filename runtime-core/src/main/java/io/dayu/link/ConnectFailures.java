package io.dayu.link;

import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;

/**
 * What is told of connections that cannot be made: at once, and once, what only people can mend;
 * anything else after a while, and then twice as rarely each time. Belongs to one actor.
 */
final class ConnectFailures {
  static final String CLOSED = "closed by the peer";

  private static final Duration TELL_AFTER = Duration.ofSeconds(30);
  private static final Duration TELL_RARELY = Duration.ofMinutes(10);

  private final LinkSender.Target target;
  private final boolean keys;
  private String keyProblem = ""; // the last one that was told
  private int tries; // that failed since the last open connection
  private long sinceNanos; // when the first of them failed
  private Duration tellAfter = TELL_AFTER;

  /**
   * @param keys whether this node has some
   */
  ConnectFailures(LinkSender.Target target, boolean keys) {
    this.target = target;
    this.keys = keys;
  }

  /** There is a connection. */
  void end() {
    tries = 0;
    keyProblem = "";
    tellAfter = TELL_AFTER;
  }

  /**
   * The keys of both nodes do not fit.
   *
   * @return what is to be told now
   */
  Optional<String> keyProblem(String problem) {
    if (problem.equals(keyProblem)) return Optional.empty();
    keyProblem = problem;
    return Optional.of("no link to %s: %s".formatted(named(), problem));
  }

  /**
   * A try has failed.
   *
   * @return what is to be told now
   */
  Optional<String> add(Throwable cause, long nowNanos) {
    if (tries++ == 0) sinceNanos = nowNanos;
    var failing = Duration.ofNanos(nowNanos - sinceNanos);
    if (failing.compareTo(tellAfter) < 0) return Optional.empty();
    tellAfter = tellAfter.plus(tellAfter.compareTo(TELL_RARELY) < 0 ? tellAfter : TELL_RARELY);
    return Optional.of(
        "no connection to %s for %s s, %s tries: %s"
            .formatted(named(), failing.toSeconds(), tries, why(cause) + hint(cause)));
  }

  private String named() {
    return "%s on %s (%s port %s)"
        .formatted(target.instance(), target.peer(), target.host(), target.port());
  }

  /** A peer that closes the connection without a word may not have understood one. */
  private String hint(Throwable cause) {
    var text = String.valueOf(cause.getMessage());
    if (!text.equals(CLOSED) && !text.startsWith(SocketStage.BROKE)) return "";
    return keys
        ? "; it may have no keys, or not accept those of this node (dayu.keys.directory): its log"
            + " says why"
        : "; it may have keys, and then talks only to nodes that have some (dayu.keys.directory):"
            + " its log says why";
  }

  /** The innermost cause: those around it repeat it among details of the implementation. */
  private static String why(Throwable cause) {
    var root = cause;
    while (root.getCause() != null) root = root.getCause();
    return root instanceof UnknownHostException
        ? "the name has no address"
        : String.valueOf(root.getMessage());
  }
}
