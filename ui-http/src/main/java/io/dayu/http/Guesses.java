package io.dayu.http;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts wrong tokens by address, a minute at a time. A right token is let in whatever is counted
 * here, as others may share its address; a guess is hopeless because tokens are long and random,
 * and this is how people learn that somebody guesses. Safe for any thread.
 */
final class Guesses {
  private static final Logger LOG = LoggerFactory.getLogger(Guesses.class);
  private static final int EACH = 10;
  private static final int ADDRESSES = 1_000;
  private static final int TOLD = 20;
  private static final Duration WINDOW = Duration.ofMinutes(1);

  private final Map<InetAddress, Integer> wrong = new HashMap<>(); // bounded by ADDRESSES
  private long began;
  private int told;

  Guesses(long nanos) {
    this.began = nanos;
  }

  /** One more wrong token: seconds for which the address is told to wait; 0 for not yet. */
  synchronized long wrong(InetAddress from, long nanos) {
    if (nanos - began >= WINDOW.toNanos()) {
      wrong.clear();
      told = 0;
      began = nanos;
    }
    boolean full = wrong.size() >= ADDRESSES && !wrong.containsKey(from);
    int count = full ? EACH + 1 : wrong.merge(from, 1, (a, b) -> Math.min(a + b, EACH + 2));
    if (!full && (count == 1 || count == EACH + 1) && told < TOLD) {
      told++;
      if (count == 1)
        LOG.info("a request from {} had a token that is not known here", from.getHostAddress());
      else
        LOG.warn(
            "more than {} requests from {} within a minute had a token that is not known here; somebody guesses, or a"
                + " client has an old token",
            EACH,
            from.getHostAddress());
    }
    if (count <= EACH) return 0;
    return Math.max(1, Duration.ofNanos(began + WINDOW.toNanos() - nanos).toSeconds());
  }
}
