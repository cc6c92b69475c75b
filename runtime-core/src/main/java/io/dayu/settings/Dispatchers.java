package io.dayu.settings;

/** Where work of a node runs, by the paths of the configuration. */
public final class Dispatchers {
  /** Reads and writes of the node itself that block. Sources have their own threads. */
  public static final String BLOCKING = "dayu.dispatchers.blocking";

  private Dispatchers() {}
}
