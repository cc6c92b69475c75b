package io.dayu.node;

import io.dayu.facts.Readable;
import io.dayu.source.Access;
import io.dayu.source.HostRule;
import io.dayu.source.SourceException;
import io.dayu.source.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Access to what is declared in {@code dayu.read} of a node, and to nothing else.
 *
 * <p>A file counts by what it is after all links are followed. A name that is declared may have any
 * address; any other name must lead to declared networks only, each time a connection is made. The
 * JVM remembers what a name leads to for some seconds ({@code networkaddress.cache.ttl}), so the
 * connection made right after the check leads to the address that was checked.
 *
 * <p>A refusal never tells whether the file exists or which address the host has. Safe for any
 * thread.
 */
public final class DeclaredAccess implements Access {
  /**
   * Why something is not opened.
   *
   * @param remedy what to do
   */
  public record Refusal(String what, String remedy) {
    private SourceException thrown(boolean permanent) {
      return new SourceException(what + "; " + remedy, permanent, null);
    }
  }

  private final String node;
  private final List<Path> directories;
  private final List<HostRule> hosts;

  /**
   * @param node whose declaration it is, for messages
   * @param declared entries that are no rule are left out
   */
  public DeclaredAccess(String node, Readable declared) {
    this.node = node;
    this.directories = declared.files().stream().map(Path::of).toList();
    this.hosts =
        declared.hosts().stream().flatMap(entry -> HostRule.parse(entry).stream()).toList();
  }

  @Override
  public void check(Target target) {
    if (target instanceof Target.LocalFile file && !isDeclared(file.path()))
      throw refusal(file).thrown(true);
    if (target instanceof Target.Host host) check(host);
    if (target instanceof Target.Other other) throw refusal(other).thrown(true);
  }

  /**
   * Why {@code target} will be refused, and what to do, as far as it is known without the files and
   * the names of the node; empty if it is allowed, or if only the node can know.
   */
  public Optional<Refusal> refusalInAdvance(Target target) {
    if (target instanceof Target.LocalFile && directories.isEmpty()
        || target instanceof Target.Other
        || target instanceof Target.Host host && isHopeless(host))
      return Optional.of(refusal(target));
    return Optional.empty();
  }

  private void check(Target.Host host) {
    var rules = hosts.stream().filter(rule -> rule.fits(host)).toList();
    if (rules.stream().anyMatch(rule -> rule.names(host.name()))) return;
    if (isHopeless(host)) throw refusal(host).thrown(true);
    try {
      var addresses = InetAddress.getAllByName(host.name());
      var declared =
          Arrays.stream(addresses)
              .allMatch(address -> rules.stream().anyMatch(rule -> rule.contains(address)));
      // Not for ever: a name may lead elsewhere later.
      if (!declared) throw refusal(host).thrown(false);
    } catch (UnknownHostException e) {
      throw new SourceException(
          "the host %s has no address on node %s; correct the uri, or the name service"
              .formatted(host.name(), node),
          false,
          e);
    }
  }

  /** Whether no address can make it a declared one. */
  private boolean isHopeless(Target.Host host) {
    var rules = hosts.stream().filter(rule -> rule.fits(host)).toList();
    if (rules.stream().anyMatch(rule -> rule.names(host.name()))) return false;
    var isAddress = HostRule.parse(host.name()).filter(HostRule.Network.class::isInstance);
    return isAddress.isPresent() || rules.stream().noneMatch(HostRule.Network.class::isInstance);
  }

  private boolean isDeclared(Path file) {
    var real = real(file);
    return directories.stream().anyMatch(directory -> real.startsWith(real(directory)));
  }

  /** Without links, as far as the path exists. */
  private static Path real(Path path) {
    var whole = path.toAbsolutePath().normalize();
    try {
      return path.toAbsolutePath().toRealPath();
    } catch (IOException e) {
      var parent = whole.getParent();
      return parent == null ? whole : real(parent).resolve(whole.getFileName());
    }
  }

  private Refusal refusal(Target target) {
    if (target instanceof Target.LocalFile file)
      return new Refusal(
          "node %s does not let pipelines read the file %s".formatted(node, file.path()),
          "declare its directory in dayu.read.files (DAYU_READ_FILES) of the node and start it again");
    if (target instanceof Target.Host host)
      return new Refusal(
          "node %s does not let pipelines read from %s%s"
              .formatted(node, host.name(), host.port() < 0 ? "" : ", port " + host.port()),
          "declare it in dayu.read.hosts (DAYU_READ_HOSTS) of the node and start it again");
    return new Refusal(
        "node %s cannot tell what this source opens, and lets pipelines read only what is declared"
            .formatted(node),
        "use another kind of source");
  }
}
