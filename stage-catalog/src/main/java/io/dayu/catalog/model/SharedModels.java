package io.dayu.catalog.model;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Models that instances of a node share: each is loaded for the first that needs it and closed
 * after the last. Thread-safe.
 *
 * @param <K> what two that are the same agree in
 */
public final class SharedModels<K, T extends AutoCloseable> {
  /** The use of a model by one instance. */
  public interface Lease<T> extends AutoCloseable {
    T model();

    /** Ends the use; to be called once. */
    @Override
    void close();
  }

  private final class Shared {
    private int users; // guarded by the map
    private @Nullable T model; // guarded by this

    private synchronized T load(Supplier<T> loading) {
      if (model == null) model = loading.get();
      return model;
    }

    private synchronized void unload() {
      if (model == null) return;
      try {
        model.close();
      } catch (Exception e) {
        throw new IllegalStateException("a model cannot be closed: " + e.getMessage(), e);
      } finally {
        model = null;
      }
    }
  }

  private final Map<K, Shared> all = new HashMap<>();

  /**
   * The model of that key; others wait while it is loaded for one. Blocks while it is loaded.
   *
   * @param loading whose exceptions are the caller's, and leave nothing behind
   */
  public Lease<T> lease(K key, Supplier<T> loading) {
    Shared shared;
    synchronized (all) {
      shared = all.computeIfAbsent(key, k -> new Shared());
      shared.users++;
    }
    try {
      var model = shared.load(loading);
      return new Lease<>() {
        @Override
        public T model() {
          return model;
        }

        @Override
        public void close() {
          giveBack(key, shared);
        }
      };
    } catch (RuntimeException | Error e) {
      giveBack(key, shared);
      throw e;
    }
  }

  /** How many there are. */
  public int size() {
    synchronized (all) {
      return all.size();
    }
  }

  private void giveBack(K key, Shared shared) {
    synchronized (all) {
      if (--shared.users > 0) return;
      all.remove(key);
    }
    shared.unload();
  }
}
