package io.dayu.facts;

import java.util.List;

/**
 * What a node lets pipelines read that were not submitted by the user of its own machine.
 *
 * @param files directories
 * @param hosts names, networks, and ports, as in {@code dayu.read.hosts}
 */
public record Readable(List<String> files, List<String> hosts) {
  public static final Readable NOTHING = new Readable(List.of(), List.of());

  public Readable {
    files = List.copyOf(files);
    hosts = List.copyOf(hosts);
  }
}
