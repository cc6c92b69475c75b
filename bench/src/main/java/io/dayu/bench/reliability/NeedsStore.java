package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;

/** A promise about several cloud nodes with one database, which cannot be shown yet. */
record NeedsStore(String word, String fault, String promise) implements Scenario {
  @Override
  public Fault.Need need() {
    return Fault.Need.STORE;
  }

  @Override
  public Seen run(Context context) {
    throw new IllegalStateException(word + " needs " + need());
  }
}
