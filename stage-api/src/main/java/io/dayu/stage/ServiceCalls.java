package io.dayu.stage;

import java.util.Objects;

/**
 * What has become of a node's calls to one address of a service since it calls that address. A call
 * brings one element; what the service did not take, because nobody listened, is no call, unless
 * another address was called in its place.
 *
 * @param at the address, as in {@link ServiceProvider#from}
 * @param open calls that are under way
 * @param answered calls with an output, or with the word that there is none
 * @param failed calls of which the service said that it failed
 * @param unreadable calls whose answer was nothing that the service should give
 * @param late calls without an answer in time
 * @param broken calls whose connection broke off, or for which another address was called because
 *     nobody listened
 * @param fallback whether it is called only with what another address could not do
 */
public record ServiceCalls(
    String at,
    int open,
    long answered,
    long failed,
    long unreadable,
    long late,
    long broken,
    boolean fallback) {
  /** Those to an address that is no fallback. */
  public ServiceCalls(
      String at, int open, long answered, long failed, long unreadable, long late, long broken) {
    this(at, open, answered, failed, unreadable, late, broken, false);
  }

  public ServiceCalls {
    Objects.requireNonNull(at, "at");
    if (open < 0 || answered < 0 || failed < 0 || unreadable < 0 || late < 0 || broken < 0)
      throw new IllegalArgumentException("calls are counted from 0");
  }
}
