package io.dayu.cloud;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import io.dayu.node.ConfigurationException;
import io.dayu.node.NodeSettings;
import io.dayu.store.JdbcResultStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where pipelines, decisions and results rest; {@code dayu.store}. One database for all of it:
 * embedded in the node's data directory, or a PostgreSQL that several cloud nodes share.
 *
 * @param url as JDBC takes it
 * @param framesPerStream payloads kept of each stream
 */
record StoreSettings(String url, String user, String password, int framesPerStream) {
  /**
   * @throws ConfigurationException with all problems at once
   */
  static StoreSettings from(Config config) {
    var store = config.getConfig("dayu.store");
    var problems = new ArrayList<String>();
    var url = store.getString("url");
    if (!url.isEmpty() && !JdbcResultStore.isPostgres(url))
      problems.add(
          "dayu.store.url is \"%s\"; write jdbc:postgresql://host:port/database, or leave it empty for a database in the node's data directory"
              .formatted(url));
    int frames = store.getInt("frames-per-stream");
    if (frames < 1)
      problems.add("dayu.store.frames-per-stream is %d; it must be positive".formatted(frames));
    if (!problems.isEmpty()) throw new ConfigurationException(problems);
    if (!url.isEmpty())
      return new StoreSettings(url, store.getString("user"), store.getString("password"), frames);
    var file = Path.of(config.getString("dayu.node.data-dir")).resolve("store");
    return new StoreSettings(JdbcResultStore.fileUrl(file), "sa", "", frames);
  }

  boolean isShared() {
    return JdbcResultStore.isPostgres(url);
  }

  /**
   * An embedded store belongs to one cloud node: with several, each would have a part of the
   * results, and the journal of a pipeline would be found by none but one.
   */
  Optional<String> conflict(NodeSettings node) {
    var self = node.host() + ":" + node.clusterPort();
    var others = node.seeds().stream().filter(seed -> !seed.equals(self)).toList();
    if (isShared() || others.isEmpty()) return Optional.empty();
    return Optional.of(
        "dayu.store.url is empty, but dayu.cluster.seeds names other cloud nodes (%s): they would not see what this node stores. Set dayu.store.url (or DAYU_STORE_URL) to the same jdbc:postgresql://host:port/database on all of them"
            .formatted(String.join(", ", others)));
  }

  HikariDataSource pool() {
    return JdbcResultStore.pool(url, user, password);
  }

  /** For messages: without what a URL may hold of secrets. */
  String place() {
    int query = url.indexOf(isShared() ? '?' : ';');
    return query < 0 ? url : url.substring(0, query);
  }

  /** The persistence plugin's own connections to the same database. */
  Config persistence() {
    var db = new HashMap<String, Object>();
    db.put("url", url);
    db.put("user", user);
    db.put("password", password);
    db.put("driver", JdbcResultStore.driver(url));
    if (isShared()) {
      db.put("properties", JdbcResultStore.POSTGRES_DEFAULTS);
      db.put("minConnections", 0);
      db.put("keepAliveConnection", false);
    }
    return ConfigFactory.parseMap(
        Map.of(
            "pekko-persistence-jdbc.shared-databases.slick",
            Map.of(
                "profile",
                isShared() ? "slick.jdbc.PostgresProfile$" : "slick.jdbc.H2Profile$",
                "db",
                db)));
  }
}
