package io.dayu.sim;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** One camera: what it shows, how fast, and what goes wrong with it. */
record Camera(String name, Footage footage, Pace pace, Faults faults, Counts counts) {

  /** How much it was watched. */
  record Counts(AtomicInteger viewers, LongAdder sent, LongAdder skipped) {
    Counts() {
      this(new AtomicInteger(), new LongAdder(), new LongAdder());
    }
  }
}
