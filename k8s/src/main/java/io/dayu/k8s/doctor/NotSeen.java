package io.dayu.k8s.doctor;

/** The API server does not show what a check needs; the check ends, and others go on. */
final class NotSeen extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  /**
   * @param what could not be seen, and why
   */
  NotSeen(String what, String remedy, Throwable cause) {
    super(what, cause);
    this.remedy = remedy;
  }

  String remedy() {
    return remedy;
  }
}
