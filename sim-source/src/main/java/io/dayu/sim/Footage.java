package io.dayu.sim;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What a camera shows. Implementations are safe for several threads: viewers of one camera ask for
 * the same frames at about the same time, and each frame is made once.
 */
sealed interface Footage extends AutoCloseable permits GeneratedFootage, VideoFootage {

  /**
   * The picture of frame {@code n} as a JPEG; callers do not change it. Numbers go on past the end
   * of the material, which is looped.
   *
   * @throws IOException if the picture cannot be made; the next call may succeed
   */
  byte[] jpeg(long n) throws IOException;

  /** What is to be seen in frame {@code n}, back to front; empty where nobody knows. */
  Optional<List<TruthBox>> truth(long n);

  @Override
  void close();
}
