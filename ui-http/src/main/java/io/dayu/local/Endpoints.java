package io.dayu.local;

import io.dayu.console.UserException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Where a ready node is reached, as it wrote it into its data directory.
 *
 * @param http cloud nodes only
 * @param management cloud nodes only
 * @param readySeconds from the start of its process
 */
public record Endpoints(
    String name,
    InetSocketAddress cluster,
    InetSocketAddress data,
    Optional<InetSocketAddress> http,
    Optional<InetSocketAddress> management,
    long pid,
    double readySeconds) {
  public static final String FILE = "endpoints.properties";

  public Endpoints {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(cluster, "cluster");
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(http, "http");
    Objects.requireNonNull(management, "management");
  }

  /** What stands in a data directory; empty while the node is not ready. */
  public static Optional<Endpoints> in(Path dataDir) {
    var file = dataDir.resolve(FILE);
    var values = new Properties();
    try (var in = Files.newBufferedReader(file)) {
      values.load(in);
    } catch (NoSuchFileException notReady) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UserException("cannot read " + file + ": " + e.getMessage(), e);
    }
    try {
      var texts = new TreeMap<String, String>();
      values.stringPropertyNames().forEach(key -> texts.put(key, values.getProperty(key)));
      return Optional.of(of(texts));
    } catch (IllegalArgumentException e) {
      throw new UserException(file + " cannot be understood: " + e.getMessage(), e);
    }
  }

  /**
   * @param values as they stand in the file
   * @throws IllegalArgumentException if one is missing or wrong
   */
  static Endpoints of(Map<String, String> values) {
    return new Endpoints(
        need(values, "name"),
        address(need(values, "cluster")),
        address(need(values, "data")),
        Optional.ofNullable(values.get("http")).map(Endpoints::address),
        Optional.ofNullable(values.get("management")).map(Endpoints::address),
        Long.parseLong(need(values, "pid")),
        Double.parseDouble(values.getOrDefault("readySeconds", "0")));
  }

  /** What {@link #of} reads. */
  Map<String, String> values() {
    var values = new TreeMap<String, String>();
    values.put("name", name);
    values.put("cluster", text(cluster));
    values.put("data", text(data));
    http.ifPresent(at -> values.put("http", text(at)));
    management.ifPresent(at -> values.put("management", text(at)));
    values.put("pid", Long.toString(pid));
    values.put("readySeconds", Double.toString(readySeconds));
    return values;
  }

  /** The base of the HTTP interface, without a path. */
  public Optional<URI> api() {
    return http.map(a -> URI.create("http://" + text(a)));
  }

  /** {@code host:port}, as {@code dayu.cluster.seeds} wants it; brackets around IPv6 addresses. */
  public static String text(InetSocketAddress address) {
    return text(address.getHostString(), address.getPort());
  }

  static String text(String host, int port) {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  private static String need(Map<String, String> values, String key) {
    var value = values.get(key);
    if (value == null) throw new IllegalArgumentException("no " + key);
    return value.strip();
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) throw new IllegalArgumentException("'" + text + "' is not host:port");
    return InetSocketAddress.createUnresolved(
        text.substring(0, colon).replaceFirst("^\\[(.*)]$", "$1"),
        Integer.parseInt(text.substring(colon + 1)));
  }
}
