package io.dayu.side;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What side inputs of pipelines are read from, by the names that cloud nodes declare. */
public interface SideSources {
  /** Of a node that declares none. */
  SideSources NONE =
      new SideSources() {
        @Override
        public Optional<Duration> every(String name) {
          return Optional.empty();
        }

        @Override
        public CompletionStage<ByteString> read(String name) {
          return CompletableFuture.failedStage(new IllegalArgumentException(name));
        }
      };

  /** How long between two reads; empty if nothing is declared under this name. */
  Optional<Duration> every(String name);

  /**
   * Reads what is declared under the name. Completes on any thread, within some seconds; fails with
   * an exception whose message says why, for people.
   */
  CompletionStage<ByteString> read(String name);
}
