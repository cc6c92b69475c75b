package io.dayu.bench.service;

import io.dayu.bench.run.BenchPipeline;
import java.util.Optional;
import java.util.OptionalInt;

/** How an element gets to its stage and back. */
enum Way {
  /** The stage is within the node. */
  IDENTITY("identity", BenchPipeline.IDENTITY, OptionalInt.empty()),
  /** A request for each element. */
  HTTP("http", "http-identity", OptionalInt.of(1)),
  /** Small elements that wait go together. */
  HTTP_BATCHED("httpBatched", "batched-identity", OptionalInt.of(128));

  private final String word;
  private final String type;
  private final OptionalInt batch;

  /**
   * @param type of the stage
   * @param batch elements in one request; empty if there is no service
   */
  Way(String word, String type, OptionalInt batch) {
    this.word = word;
    this.type = type;
    this.batch = batch;
  }

  /** As reports have it. */
  String word() {
    return word;
  }

  String type() {
    return type;
  }

  OptionalInt batch() {
    return batch;
  }

  static Optional<Way> of(String word) {
    for (var way : values()) if (way.word.equals(word)) return Optional.of(way);
    return Optional.empty();
  }
}
