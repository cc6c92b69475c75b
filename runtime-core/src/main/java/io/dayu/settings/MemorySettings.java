package io.dayu.settings;

import com.typesafe.config.Config;

/**
 * How the heap of a node is divided, in percent; {@code dayu.memory}. What no part has is left to
 * the code, to stages and to what lives for a moment only.
 *
 * @param windows what inbound links may have outstanding, together
 * @param largeElements inbound elements that are larger than their link's window
 * @param connections inbound connections
 * @param sources elements that were read on this node and are not settled
 * @param stages elements that wait in joins, or behind a stage for the next one
 */
public record MemorySettings(
    int windows, int largeElements, int connections, int sources, int stages) {
  /** The most that all parts may have together; a node at rest needs some 13 MB. */
  private static final int MOST = 80;

  public MemorySettings {
    int all = windows + largeElements + connections + sources + stages;
    new Checks("dayu.memory")
        .positive("windows", windows)
        .positive("large-elements", largeElements)
        .positive("connections", connections)
        .positive("sources", sources)
        .positive("stages", stages)
        .that(
            all <= MOST,
            "*",
            "is %s %% of the heap together; at most %s %% may be given away".formatted(all, MOST))
        .enforce();
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static MemorySettings from(Config config) {
    return Section.read(
        "dayu.memory",
        config,
        section ->
            new MemorySettings(
                section.count("windows"),
                section.count("large-elements"),
                section.count("connections"),
                section.count("sources"),
                section.count("stages")));
  }
}
