package io.dayu.bench.service;

import io.dayu.bench.run.BenchPipeline;
import java.util.Optional;
import java.util.OptionalInt;

/** How an element gets to its stage and back. */
public enum Way {
  /** The stage is within the node. */
  IDENTITY("identity", BenchPipeline.IDENTITY, OptionalInt.empty()),
  /** A request for each element. */
  HTTP("http", "http-identity", OptionalInt.of(1)),
  /** Small elements that wait go together. */
  HTTP_BATCHED("httpBatched", "batched-identity", OptionalInt.of(128)),
  /** All elements in one stream; what waits goes together. */
  GRPC("grpc", "grpc-identity", OptionalInt.of(128));

  private final String word;
  private final String type;
  private final OptionalInt batch;

  /**
   * @param type of the stage
   * @param batch elements in one message; empty if there is no service
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

  /** Elements in one message; empty if there is no service. */
  OptionalInt batch() {
    return batch;
  }

  /** As a declaration has it. */
  String transport() {
    return this == GRPC ? "grpc" : "http";
  }

  static Optional<Way> of(String word) {
    for (var way : values()) if (way.word.equals(word)) return Optional.of(way);
    return Optional.empty();
  }
}
