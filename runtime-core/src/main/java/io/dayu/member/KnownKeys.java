package io.dayu.member;

import io.dayu.keys.Holder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whose key was shown at which address, when this node connected to it the last time. Safe for any
 * thread.
 */
final class KnownKeys {
  private static final int MOST = 10_000;

  private final Map<String, Holder> byAddress =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Holder> eldest) {
              return size() > MOST;
            }
          });

  void shown(String host, int port, Holder holder) {
    byAddress.put(host + ":" + port, holder);
  }

  void forget(String host, int port) {
    byAddress.remove(host + ":" + port);
  }

  Optional<Holder> at(String host, int port) {
    return Optional.ofNullable(byAddress.get(host + ":" + port));
  }
}
