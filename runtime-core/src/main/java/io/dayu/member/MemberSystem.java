package io.dayu.member;

import java.util.concurrent.CompletionStage;

/** One life of a node's membership, as its {@link Rejoiner} sees it. Safe for any thread. */
interface MemberSystem {
  /** How the cluster identifies this life: a later one at the same address has another uid. */
  record Identity(String address, long uid) {}

  /**
   * What can be said of the membership from here.
   *
   * @param joined whether this node takes itself for a member
   * @param cutOff whether links reach the cloud and membership does not
   */
  record MembershipStatus(boolean joined, boolean cutOff) {}

  Identity identity();

  MembershipStatus status();

  /** Completes when the node is a member, weakly up or up. */
  CompletionStage<Void> whenMember();

  /** Completes when the system has ended, whoever ended it. */
  CompletionStage<Void> whenEnded();

  /** Ends it without the consent of the cluster, which this node cannot reach; returns at once. */
  void abandon();

  /** Leaves the cluster and ends it; blocks until it has, or for a while. */
  void stop();
}
