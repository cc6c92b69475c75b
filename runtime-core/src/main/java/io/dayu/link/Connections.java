package io.dayu.link;

import io.dayu.settings.Budget;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How many inbound connections there are, in all and by address, and when it is said that more were
 * refused. Belongs to one actor.
 */
final class Connections {
  /** Memory of a connection: its actor, its stream and the buffers that these use. */
  private static final long EACH = 64 << 10;

  private static final Duration TELL_EVERY = Duration.ofSeconds(30);

  private final int most;
  private final Budget budget;
  private final Map<InetAddress, Integer> byAddress = new HashMap<>(); // bounded by most
  private int open;
  private long refused; // since it was told
  private long told;

  /** At most {@code most} in all, half of them from one address. */
  Connections(int most, Budget budget, long nanos) {
    this.most = most;
    this.budget = budget;
    this.told = nanos - TELL_EVERY.toNanos();
  }

  /** As many as the settings say and the budget has room for. */
  static Connections of(LinkSettings settings, Budget budget, long nanos) {
    long room = budget.limit() / EACH;
    return new Connections((int) Math.min(settings.maxLinks(), room), budget, nanos);
  }

  /** Whether one more from there may be; if so, it is counted until {@link #ended}. */
  boolean accept(InetAddress from) {
    if (open >= most || byAddress.getOrDefault(from, 0) >= (most + 1) / 2) {
      refused++;
      return false;
    }
    open++;
    budget.add(EACH);
    byAddress.merge(from, 1, Integer::sum);
    return true;
  }

  void ended(InetAddress from) {
    open--;
    budget.add(-EACH);
    byAddress.computeIfPresent(from, (address, n) -> n > 1 ? n - 1 : null);
  }

  /** What there is to say of refused ones: at once, then no more often than every half minute. */
  Optional<String> news(long nanos) {
    if (refused == 0 || nanos - told < TELL_EVERY.toNanos()) return Optional.empty();
    told = nanos;
    var news =
        "%s connections to the data port were refused: %s are open of %s (dayu.link.max-links, and dayu.memory.connections of the heap), half of them at most from one address"
            .formatted(refused, open, most);
    refused = 0;
    return Optional.of(news);
  }
}
