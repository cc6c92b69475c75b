package io.dayu.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who is connected. Connections are bounded in all and for each address, and an eighth is kept for
 * this machine. Where there is no room, one that has not shown yet that it may be here gives way to
 * a new one, the oldest first, and then one that waits between requests: whoever opens connections
 * without end closes their own, and a caller with a token comes in. Safe for any thread.
 */
final class Callers {
  /**
   * @param all connections
   * @param perAddress connections of an IPv4 address, or of the 64-bit network of an IPv6 address
   */
  record Bounds(int all, int perAddress) {
    /** What only this machine may use. */
    int reserve() {
      return all / 8;
    }

    /** Event streams of an address; the rest is for requests that end. */
    int streams() {
      return Math.max(1, perAddress / 2);
    }
  }

  private final Bounds bounds;
  private final Set<Caller> all = new LinkedHashSet<>(); // oldest first
  private final Map<InetAddress, Set<Caller>> byAddress = new HashMap<>();
  private int remote;

  Callers(Bounds bounds) {
    this.bounds = bounds;
  }

  /**
   * A new connection; empty if there is no room for it.
   *
   * @param end closes it; called when it has to give way
   */
  Optional<Caller> admit(InetAddress from, Runnable end) {
    var address = network(from);
    Runnable room = () -> {};
    synchronized (this) {
      var own = byAddress.getOrDefault(address, Set.of());
      Collection<Caller> among = List.of();
      if (own.size() >= bounds.perAddress()) among = own;
      else if (all.size() >= bounds.all()) among = all;
      else if (!from.isLoopbackAddress() && remote >= bounds.all() - bounds.reserve())
        among = all.stream().filter(caller -> !caller.address.isLoopbackAddress()).toList();
      if (!among.isEmpty()) {
        var least = least(among);
        if (least == null) return Optional.empty();
        remove(least);
        room = least.end;
      }
      var caller = new Caller(address, end);
      all.add(caller);
      byAddress.computeIfAbsent(address, a -> new LinkedHashSet<>()).add(caller);
      if (!address.isLoopbackAddress()) remote++;
      room.run();
      return Optional.of(caller);
    }
  }

  synchronized void left(Caller caller) {
    remove(caller);
  }

  synchronized int size() {
    return all.size();
  }

  private void remove(Caller caller) {
    if (!all.remove(caller)) return;
    if (!caller.address.isLoopbackAddress()) remote--;
    var own = byAddress.get(caller.address);
    if (own == null) return;
    own.remove(caller);
    if (own.isEmpty()) byAddress.remove(caller.address);
  }

  private static @Nullable Caller least(Collection<Caller> among) {
    Predicate<Caller> known = caller -> caller.known;
    Predicate<Caller> waiting = caller -> caller.openRequests == 0;
    for (var rule : List.of(known.negate().and(waiting), known.negate(), waiting)) {
      var found = among.stream().filter(rule).findFirst();
      if (found.isPresent()) return found.get();
    }
    return null;
  }

  /** One who has an IPv6 address has 2^64 of them. */
  static InetAddress network(InetAddress address) {
    if (!(address instanceof Inet6Address) || address.isLoopbackAddress()) return address;
    try {
      return InetAddress.getByAddress(Arrays.copyOf(Arrays.copyOf(address.getAddress(), 8), 16));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an IPv6 address has 16 bytes", e);
    }
  }

  /** One connection. Safe for any thread. */
  final class Caller {
    private final InetAddress address;
    private final Runnable end;
    private volatile boolean known;
    private volatile int openRequests;
    private boolean streaming;

    private Caller(InetAddress address, Runnable end) {
      this.address = address;
      this.end = end;
    }

    /** Its address, or the network of it. */
    InetAddress address() {
      return address;
    }

    /** It may be here: it has shown a token, or none is needed. */
    void known() {
      known = true;
    }

    void asked(int requests) {
      synchronized (Callers.this) {
        openRequests += requests;
      }
    }

    /** The answer to one request is whole, or given up. */
    void answered() {
      synchronized (Callers.this) {
        openRequests--;
        streaming = false;
      }
    }

    boolean waiting() {
      return openRequests == 0;
    }

    /**
     * Takes the place of an event stream until it is answered; false if its address has no more.
     */
    boolean streams() {
      synchronized (Callers.this) {
        var own = byAddress.getOrDefault(address, Set.of());
        if (own.stream().filter(caller -> caller.streaming).count() >= bounds.streams())
          return false;
        streaming = true;
        return true;
      }
    }

    void left() {
      Callers.this.left(this);
    }
  }
}
