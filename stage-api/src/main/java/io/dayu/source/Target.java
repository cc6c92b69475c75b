package io.dayu.source;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What a source opens in order to be read: the part of its URI that a node's owner cares about. */
public sealed interface Target {
  /** A file of the node. */
  record LocalFile(Path path) implements Target {
    public LocalFile {
      Objects.requireNonNull(path, "path");
    }

    /**
     * The path in a URI of a file, also in {@code file:data.csv}, which has none for {@link URI}.
     */
    public static String path(URI uri) {
      return uri.isOpaque() ? uri.getSchemeSpecificPart().split("\\?", 2)[0] : uri.getPath();
    }
  }

  /**
   * A host.
   *
   * @param name or address, an IPv6 address without brackets
   * @param port -1 where neither the URI nor its scheme tells one
   */
  record Host(String name, int port) implements Target {
    private static final Map<String, Integer> PORTS =
        Map.of("http", 80, "https", 443, "mqtt", 1883, "mqtts", 8883, "rtsp", 554);

    public Host {
      name = name.replaceAll("^\\[|\\]$|\\.$", "").toLowerCase(Locale.ROOT);
    }

    private static Host of(URI uri) {
      int port = uri.getPort();
      var scheme = Objects.requireNonNullElse(uri.getScheme(), "").toLowerCase(Locale.ROOT);
      return new Host(uri.getHost(), port >= 0 ? port : PORTS.getOrDefault(scheme, -1));
    }
  }

  /** Nothing outside the node's process: made-up data. */
  enum Nothing implements Target {
    INSTANCE
  }

  /** Something else, of which only the provider knows what it is. */
  record Other(URI uri) implements Target {
    public Other {
      Objects.requireNonNull(uri, "uri");
    }
  }

  /** By the scheme {@code file}, or none, and by the host; everything else is {@link Other}. */
  static Target of(URI uri) {
    if (uri.getScheme() == null || uri.getScheme().equalsIgnoreCase("file")) return file(uri);
    return uri.getHost() == null ? new Other(uri) : Host.of(uri);
  }

  private static Target file(URI uri) {
    try {
      return new LocalFile(Path.of(LocalFile.path(uri)));
    } catch (InvalidPathException e) {
      return new Other(uri); // no source can open it
    }
  }
}
