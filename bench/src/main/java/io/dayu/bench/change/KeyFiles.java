package io.dayu.bench.change;

import io.dayu.console.UserException;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.dayu.local.NodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Keys of nodes that run, and how they are replaced. Not safe for several threads. */
final class KeyFiles {
  private static final Duration VALID = Duration.ofDays(1);
  private static final List<String> NAMES =
      List.of(NodeKeys.KEY, NodeKeys.CERTIFICATE, NodeKeys.AUTHORITY);

  private final Path directory;
  private final List<Holder> holders = new ArrayList<>();
  private Authority authority;
  private String trusted;
  private int made;

  /**
   * Makes an authority.
   *
   * @param directory for all of it; is made
   */
  KeyFiles(Path directory) {
    this.directory = directory;
    var first = directory.resolve("authority");
    this.authority = Authority.create(first, VALID, Clock.systemUTC());
    this.trusted = certificate(first);
  }

  /** The same node with a key. */
  NodeOptions give(NodeOptions node) {
    var role = node.role() == NodeOptions.Role.CLOUD ? Role.CLOUD : Role.EDGE;
    var holder = new Holder(node.name(), role);
    holders.add(holder);
    swap(holder);
    return node.with("dayu.keys.directory", place(holder).toString());
  }

  /** All keys anew, as the kubelet does where a Secret has changed. */
  void renew() {
    holders.forEach(this::swap);
  }

  /** All keys anew, by files that are copied one after the other over those that are there. */
  void copy() {
    for (var holder : holders) {
      var files = issue(holder, directory.resolve("copied").resolve(holder.node()));
      try {
        for (var name : NAMES)
          Files.copy(
              files.resolve(name),
              place(holder).resolve(name),
              StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw notWritten(e);
      }
    }
  }

  /** A new authority is trusted beside the one that there is, which signs once more. */
  void trustNext() {
    var next = directory.resolve("next");
    var following = Authority.create(next, VALID, Clock.systemUTC());
    trusted = certificate(next) + trusted;
    renew();
    authority = following;
  }

  /** Only the new one is trusted from here on. */
  void trustOnlyNext() {
    trusted = certificate(directory.resolve("next"));
    renew();
  }

  private void swap(Holder holder) {
    var place = place(holder);
    var files = issue(holder, place.resolve("..data-" + ++made));
    try {
      var link = Files.createSymbolicLink(place.resolve("..data_tmp"), files.getFileName());
      Files.move(link, place.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
      for (var name : NAMES)
        if (!Files.exists(place.resolve(name)))
          Files.createSymbolicLink(place.resolve(name), Path.of("..data", name));
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private Path issue(Holder holder, Path files) {
    var unused = authority.issue(holder, files, VALID);
    try {
      Files.writeString(files.resolve(NodeKeys.AUTHORITY), trusted);
      return files;
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private Path place(Holder holder) {
    return directory.resolve("nodes").resolve(holder.node());
  }

  private static String certificate(Path authority) {
    try {
      return Files.readString(authority.resolve(NodeKeys.AUTHORITY));
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private static UserException notWritten(IOException e) {
    return new UserException("keys cannot be replaced: " + e, e);
  }
}
