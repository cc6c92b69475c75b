package io.dayu.side;

import com.google.protobuf.ByteString;
import io.dayu.disk.WholeFile;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.SideVersions;
import io.dayu.stage.SideInput;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The values of side inputs that this node keeps, in {@code <data-dir>/side}, each in a file of its
 * digest, so that a node which is cut off or started anew has its last version. Which versions
 * there are it hears with the pipelines. Values that no version needs any more are removed. Safe
 * for any thread.
 */
public final class SideStore implements Sides {
  /** A value that a version needs and that is not here. */
  public record Missing(String pipeline, String digest, int bytes) {}

  private static final Logger LOG = LoggerFactory.getLogger(SideStore.class);
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{64}");

  private final Path directory;
  private final Map<String, SoftReference<SideInput>> read = new ConcurrentHashMap<>(); // by digest
  private final Set<String> here = ConcurrentHashMap.newKeySet(); // digests
  private volatile Map<String, SideVersions> known = Map.of(); // by pipeline
  private volatile CompletableFuture<Void> arrival = new CompletableFuture<>();

  private SideStore(Path directory) {
    this.directory = directory;
  }

  /** Reads what is kept; blocks. What is damaged is removed, and fetched again. */
  public static SideStore open(Path dataDir) {
    var store = new SideStore(dataDir.resolve("side"));
    if (!Files.isDirectory(store.directory)) return store;
    try (var files = Files.list(store.directory)) {
      for (var file : files.toList()) store.find(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be read ({}); side inputs are fetched again", store.directory, e);
    }
    return store;
  }

  private void find(Path file) throws IOException {
    var name = file.getFileName().toString();
    if (NAME.matcher(name).matches()
        && SideValues.digest(ByteString.copyFrom(Files.readAllBytes(file))).equals(name))
      here.add(name);
    else Files.delete(file);
  }

  /**
   * Takes in which versions there are. May remove files.
   *
   * @return what is not here, the newest values first
   */
  public synchronized List<Missing> learn(Collection<DesiredPipeline> pipelines) {
    var now = new HashMap<String, SideVersions>();
    var missing = new ArrayList<Missing>();
    var needed = new HashSet<String>();
    for (var pipeline : pipelines) {
      if (pipeline.side().changes().isEmpty()) continue;
      now.put(pipeline.name(), pipeline.side());
      var changes = pipeline.side().changes();
      for (int i = changes.size() - 1; i >= 0; i--) {
        var change = changes.get(i);
        if (change.isGone() || !needed.add(change.digest()) || here.contains(change.digest()))
          continue;
        missing.add(new Missing(pipeline.name(), change.digest(), change.bytes()));
      }
    }
    if (!now.equals(known)) {
      known = Map.copyOf(now);
      forget(needed);
      arrived(); // a version may need nothing that was not here
    }
    return missing;
  }

  private void forget(Set<String> needed) {
    read.keySet().retainAll(needed);
    for (var digest : List.copyOf(here)) {
      if (needed.contains(digest)) continue;
      here.remove(digest);
      try {
        Files.deleteIfExists(directory.resolve(digest));
      } catch (IOException e) {
        LOG.warn("{} cannot be removed: {}", directory.resolve(digest), e.toString());
      }
    }
  }

  /**
   * Keeps a value; blocks.
   *
   * @throws IOException if it has another digest, or the disk does not take it
   */
  public synchronized void put(String digest, ByteString json) throws IOException {
    if (!SideValues.digest(json).equals(digest))
      throw new IOException("what has come is not what was asked for");
    Files.createDirectories(directory);
    WholeFile.replace(directory.resolve(digest), json.toByteArray());
    here.add(digest);
    arrived();
  }

  private void arrived() {
    var before = arrival;
    arrival = new CompletableFuture<>();
    before.complete(null);
  }

  @Override
  public OptionalLong newest(String pipeline, Collection<String> names) {
    var versions = known.get(pipeline);
    return versions == null ? OptionalLong.empty() : versions.newest(names, here::contains);
  }

  @Override
  public boolean has(String pipeline, long number, Collection<String> names) {
    var versions = known.get(pipeline);
    return versions != null && versions.resolves(number, names, here::contains);
  }

  @Override
  public SideInput get(String pipeline, long number, String name) {
    var versions = known.getOrDefault(pipeline, SideVersions.NONE);
    var digest = versions.at(name, number).map(SideVersions.Change::digest).orElse("");
    if (!here.contains(digest))
      throw new NoSuchElementException(
          "side input %s in version %s is not kept here".formatted(name, number));
    var reference = read.get(digest);
    var kept = reference == null ? null : reference.get();
    if (kept != null) return kept;
    try {
      var json = ByteString.copyFrom(Files.readAllBytes(directory.resolve(digest)));
      var input = new SideInput(digest, json, SideValues.tree(json));
      read.put(digest, new SoftReference<>(input));
      return input;
    } catch (IOException e) {
      var gone = new NoSuchElementException("side input %s cannot be read: %s".formatted(name, e));
      gone.initCause(e);
      throw gone;
    }
  }

  @Override
  public CompletionStage<Void> arrival() {
    return arrival;
  }
}
