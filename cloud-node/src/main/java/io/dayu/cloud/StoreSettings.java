package io.dayu.cloud;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import io.dayu.node.NodeSettings;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import io.dayu.settings.Section;
import io.dayu.store.JdbcResultStore;
import io.dayu.store.StoreAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where pipelines, decisions and results are stored; {@code dayu.store}: in files of the node's
 * data directory, or all of it in a PostgreSQL that several cloud nodes share.
 *
 * @param url of PostgreSQL, as JDBC takes it; empty for files
 * @param directory where the files are
 * @param framesPerStream payloads kept of each stream
 * @param keepResults whether results are stored or only acknowledged
 */
record StoreSettings(
    String url,
    String user,
    String password,
    int framesPerStream,
    Path directory,
    boolean keepResults) {
  @Override
  public String toString() {
    return isShared() ? "%s, user %s".formatted(place(), user) : place();
  }

  private static final String PATH = "dayu.store";

  StoreSettings {
    new Checks(PATH).positive("frames-per-stream", framesPerStream).enforce();
  }

  /**
   * Reads the settings of a complete configuration.
   *
   * @throws ConfigurationException with all problems at once
   */
  static StoreSettings from(Config root) {
    return Section.read(
        PATH,
        root.getConfig(PATH),
        section -> {
          var url = section.get("url", StoreSettings::url, "");
          int frames = section.count("frames-per-stream");
          boolean keep = section.get("keep-results", Config::getBoolean, true);
          var directory = Path.of(root.getString("dayu.node.data-dir"));
          return url.isEmpty()
              ? new StoreSettings("", "", "", frames, directory, keep)
              : new StoreSettings(
                  url, section.text("user"), section.text("password"), frames, directory, keep);
        });
  }

  static StoreSettings embedded(Path directory, int framesPerStream) {
    return new StoreSettings("", "", "", framesPerStream, directory, true);
  }

  /** As it may be configured: a shared database, or nothing. */
  private static String url(Config config, String key) {
    var url = config.getString(key);
    var problem = url.isEmpty() ? Optional.<String>empty() : StoreAddress.problem(url);
    if (problem.isPresent())
      throw new IllegalArgumentException(
          problem.get() + ", or leave it empty for a database in the node's data directory");
    return url;
  }

  boolean isShared() {
    return !url.isEmpty();
  }

  /**
   * An embedded store belongs to one cloud node: with several, each would have a part of the
   * results, and the journal of a pipeline would be found by none but one.
   */
  Optional<String> conflict(NodeSettings node) {
    var self = HostPort.text(node.self().host(), node.cluster().port());
    var others = node.cluster().seeds().stream().filter(seed -> !seed.equals(self)).toList();
    if (isShared() || others.isEmpty()) return Optional.empty();
    return Optional.of(
        "dayu.store.url is empty, but dayu.cluster.seeds names other cloud nodes (%s): they would not see what this node stores. Set dayu.store.url (or DAYU_STORE_URL) to the same jdbc:postgresql://host:port/database on all of them"
            .formatted(String.join(", ", others)));
  }

  /** Of the database that is shared. */
  HikariDataSource pool() {
    return JdbcResultStore.pool(url, user, password);
  }

  /** The file of results of a node that shares no database. */
  Path results() {
    return results(directory);
  }

  /** The file of results in a data directory. */
  static Path results(Path directory) {
    return directory.resolve("results.db");
  }

  /** The file of its pipelines and decisions. */
  Path control() {
    return directory.resolve("control.db");
  }

  /** What release 0.1 had instead of both. */
  Path old() {
    return directory.resolve("store.mv.db");
  }

  /** For messages: without what a URL may hold of secrets. */
  String place() {
    return isShared() ? StoreAddress.redacted(url.split("\\?", 2)[0]) : directory.toString();
  }

  /** The persistence plugin's own connections to the same database. */
  Config persistence() {
    if (!isShared()) return ControlFile.persistence(control());
    return ConfigFactory.parseMap(
        Map.of(
            "pekko-persistence-jdbc.shared-databases.slick",
            Map.of(
                "profile",
                "slick.jdbc.PostgresProfile$",
                "db",
                Map.of(
                    "url",
                    url,
                    "user",
                    user,
                    "password",
                    password,
                    "driver",
                    JdbcResultStore.POSTGRES_DRIVER,
                    "properties",
                    JdbcResultStore.POSTGRES_DEFAULTS,
                    "minConnections",
                    0,
                    "keepAliveConnection",
                    false))));
  }
}
