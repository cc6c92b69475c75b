package io.dayu.bench.chaos;

import io.dayu.local.NodeOptions;

/**
 * What joins the nodes of a testbed, and what can be done to their links. Safe for several threads.
 */
interface Network extends AutoCloseable {
  /** The options with which a node is reached by all others through this network only. */
  NodeOptions attach(NodeOptions node);

  /** Where this process is reached from all nodes. */
  String hostAddress();

  /** Pulls a node's cable: it and all others are apart. */
  void cut(String node);

  /** Nothing passes between two nodes any more. */
  void cut(String node, String other);

  /** Limits what a node sends and what it gets. */
  void slow(String node, int kbit);

  /** A share of all packets of a node vanishes, in both directions. */
  void lossy(String node, double share);

  /** Undoes all that was done to a node's links. */
  void heal(String node);

  /** Removes all of it. The nodes must have ended. */
  @Override
  void close();
}
