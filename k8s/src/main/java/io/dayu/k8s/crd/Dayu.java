package io.dayu.k8s.crd;

/** What all our resources have in common. */
public final class Dayu {
  public static final String GROUP = "dayu.io";
  public static final String VERSION = "v1alpha1";

  /** Keeps a Pipeline until what is in flight is finished. */
  public static final String DRAIN = "dayu.io/drain";

  /** How long that may take, such as {@code 2m}; a minute without it. */
  public static final String DRAIN_TIMEOUT = "dayu.io/drain-timeout";

  /** On a Pipeline: the version whose specification is to be restored, or {@code previous}. */
  public static final String ROLLBACK_TO = "dayu.io/rollback-to";

  /**
   * On a Pipeline: {@code true} lets it take over a pipeline of its name that came over the API.
   */
  public static final String ADOPT = "dayu.io/adopt";

  /** On a MemberRollOut, with any value: one that has stopped goes on with the next member. */
  public static final String RESUME = "dayu.io/resume";

  private Dayu() {}
}
