package io.dayu.settings;

import java.util.List;

/**
 * The memory of a node, divided once: every part that keeps elements draws on its own budget, and
 * all budgets together stay below the heap. See {@link MemorySettings} for the parts.
 */
public record NodeMemory(
    Budget windows, Budget largeElements, Budget connections, Budget sources, Budget stages) {
  /**
   * @param heapBytes the most that the JVM may take
   */
  public static NodeMemory of(MemorySettings shares, long heapBytes) {
    long percent = heapBytes / 100;
    return new NodeMemory(
        new Budget("windows", percent * shares.windows()),
        new Budget("large-elements", percent * shares.largeElements()),
        new Budget("connections", percent * shares.connections()),
        new Budget("sources", percent * shares.sources()),
        new Budget("stages", percent * shares.stages()));
  }

  /** Of this process. */
  public static NodeMemory of(MemorySettings shares) {
    return of(shares, Runtime.getRuntime().maxMemory());
  }

  public List<Budget> all() {
    return List.of(windows, largeElements, connections, sources, stages);
  }
}
