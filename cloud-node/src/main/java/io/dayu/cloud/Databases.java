package io.dayu.cloud;

import com.zaxxer.hikari.HikariDataSource;
import io.dayu.node.StartException;
import io.dayu.realise.JdbcDecisionLog;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.Schema;
import io.dayu.store.StoreException;
import io.dayu.store.Takeover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a cloud node stores, with its tables: one database that is shared with other cloud nodes, or
 * files of its own, in which results do not hold up what controls them.
 *
 * @param control pipelines, in the journal, decisions and declared services
 */
record Databases(JdbcResultStore results, HikariDataSource control) implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Databases.class);

  /** The tables of the persistence plugin: events and snapshots of pipelines and shards. */
  static final Schema JOURNAL = new Schema("journal");

  /**
   * Opens or makes them, and takes over what release 0.1 has stored; blocks.
   *
   * @throws StartException if that cannot be done
   */
  static Databases open(StoreSettings settings) {
    return settings.isShared() ? shared(settings) : embedded(settings);
  }

  private static Databases shared(StoreSettings settings) {
    HikariDataSource source;
    try {
      source = settings.pool();
    } catch (StoreException e) {
      throw new StartException(
          "%s; the store is %s, user %s: see dayu.store.url (DAYU_STORE_URL), user and password"
              .formatted(e.getMessage(), settings.place(), settings.user()),
          e);
    }
    try {
      return new Databases(
          JdbcResultStore.open(
              source,
              settings.framesPerStream(),
              JdbcDecisionLog.SCHEMA,
              JOURNAL,
              ServiceTable.SCHEMA),
          source);
    } catch (StoreException e) {
      throw cannotOpen(settings, e);
    }
  }

  private static Databases embedded(StoreSettings settings) {
    try {
      Takeover.results(settings.old(), settings.results());
      var results = JdbcResultStore.openFile(settings.results(), settings.framesPerStream());
      try {
        var control = ControlFile.open(settings.old(), settings.control());
        putAside(settings.old());
        return new Databases(results, control);
      } catch (RuntimeException e) {
        results.close();
        throw e;
      }
    } catch (StoreException e) {
      throw cannotOpen(settings, e);
    }
  }

  /** All of it was taken over: whoever removes the new files wants to begin without it. */
  private static void putAside(Path old) {
    if (!Files.exists(old)) return;
    var aside = old.resolveSibling(old.getFileName() + ".taken-over");
    try {
      Files.move(old, aside);
      Files.deleteIfExists(old.resolveSibling(old.getFileName() + ".seen"));
      Files.deleteIfExists(old.resolveSibling("store.reserve"));
      LOG.info("{} is kept as {}; delete it when you will not go back to release 0.1", old, aside);
    } catch (IOException e) {
      LOG.warn(
          "{} was taken over and cannot be renamed to {} ({}); do so", old, aside, e.toString());
    }
  }

  private static StartException cannotOpen(StoreSettings settings, StoreException e) {
    return new StartException("%s; the store is %s".formatted(e.getMessage(), settings.place()), e);
  }

  @Override
  public void close() {
    results.close();
    control.close();
  }
}
