package io.dayu.k8s.doctor;

import io.dayu.console.Check.Grade;

/**
 * What goes wrong in a cluster, and what is to be said of it.
 *
 * @param what the check and what it is about
 * @param found a part of what is told
 */
record Fault(Break breaks, Grade grade, String what, String found) {
  interface Break {
    void in(DoctorCluster cluster) throws Exception;
  }

  static Fault problem(String what, String found, Break breaks) {
    return new Fault(breaks, Grade.PROBLEM, what, found);
  }

  static Fault hint(String what, String found, Break breaks) {
    return new Fault(breaks, Grade.HINT, what, found);
  }

  @Override
  public String toString() {
    return what + ": " + found;
  }
}
