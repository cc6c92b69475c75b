package io.dayu.conformance;

/** A service does not keep the contract: what was found, and what its author should do. */
final class Wrong extends Exception {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  Wrong(String found, String remedy) {
    super(found);
    this.remedy = remedy;
  }

  String found() {
    return String.valueOf(getMessage());
  }

  String remedy() {
    return remedy;
  }
}
