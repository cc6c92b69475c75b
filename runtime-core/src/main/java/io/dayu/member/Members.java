package io.dayu.member;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.Set;

/** The members of the cluster by the names of their nodes. Safe for any thread. */
public interface Members {
  /** Nodes with a member, whatever its state. */
  Set<String> all();

  /** Those of them that are edges. */
  Set<String> edges();

  /**
   * Removes all members of a node from the cluster; it takes a second or two. A process that still
   * runs notices when it hears of it, and joins anew.
   *
   * @return false if there is none
   */
  @CanIgnoreReturnValue
  boolean remove(String node);
}
