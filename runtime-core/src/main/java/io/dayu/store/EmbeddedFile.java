package io.dayu.store;

import io.dayu.disk.FailStopFiles;
import io.dayu.disk.Witness;
import io.dayu.disk.Witness.Finding;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.engine.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of an embedded database, which is not forced to the disk: a power failure may take its
 * last moments, and a broken disk all of it. H2 begins an empty one where it finds none, with no
 * pipelines and with results missing, and says nothing. So it is compared with its {@link Witness}
 * before H2 opens it. Thread-safe.
 */
final class EmbeddedFile {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedFile.class);
  private static final String H2 = "jdbc:h2:";

  /** By name of the file, as its URL has it. */
  private static final Map<String, Witness> WITNESSES = new ConcurrentHashMap<>();

  private EmbeddedFile() {}

  /**
   * Looks at the database of a URL before it is opened; changes nothing.
   *
   * @throws StoreException if it was there and is gone, cannot be read, or has lost more than
   *     {@link Witness#LITTLE}
   */
  static void check(String url) {
    var name = name(url);
    var path = FailStopFiles.path(name);
    if (path.isEmpty()) return;
    var witness = Witness.of(path.get());
    WITNESSES.put(name, witness);
    var found = witness.look();
    if (found instanceof Finding.Gone gone) throw lost(path.get(), gone.what());
    if (found instanceof Finding.Damaged damaged)
      throw lost(path.get(), "it is damaged (%s)".formatted(damaged.reason()));
    if (!(found instanceof Finding.Older older)) return;
    if (older.much())
      throw new StoreException(
          "open the result store: %s has lost more than a minute of what was stored last, or is a backup; nothing was changed. To go on with what it holds delete %s; otherwise put a newer copy in its place"
              .formatted(path.get(), Witness.note(path.get())),
          false,
          null);
    LOG.warn(
        "{} has lost what was stored in its last moments, as after a power failure; submit again the pipelines that were changed then",
        path.get());
  }

  private static StoreException lost(Path path, String what) {
    return new StoreException(
        "open the result store: %s was there, but %s; nothing was changed. Put a backup in its place and delete %s; or, to begin without the pipelines and results that it held, move it away and delete that file"
            .formatted(path, what, Witness.note(path)),
        false,
        null);
  }

  /** Of a database that was checked. */
  static Optional<Witness> witness(String url) {
    return Optional.ofNullable(WITNESSES.get(name(url)));
  }

  /** The file of a URL, as H2 names it. */
  static String name(String url) {
    return url.startsWith(H2)
        ? url.substring(H2.length()).split(";", 2)[0] + Constants.SUFFIX_MV_FILE
        : "";
  }
}
