package io.dayu.bench.reliability;

import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.time.Duration;
import java.util.Objects;

/**
 * What scenarios work with.
 *
 * @param cut how long an edge is cut off
 * @param outage how long the store is away
 * @param seeds of chaos, from 1
 * @param chaos how long each of them lasts
 */
record Context(
    Home home, Progress progress, Duration cut, Duration outage, int seeds, Duration chaos) {
  Context {
    Objects.requireNonNull(home, "home");
    Objects.requireNonNull(progress, "progress");
    Objects.requireNonNull(cut, "cut");
    Objects.requireNonNull(outage, "outage");
    Objects.requireNonNull(chaos, "chaos");
  }
}
