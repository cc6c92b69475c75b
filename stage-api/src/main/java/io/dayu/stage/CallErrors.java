package io.dayu.stage;

/**
 * Which errors tell of one call alone. Actors and streams count each of these as fatal and would
 * end the node, so foreign code is called through a catch that asks here.
 */
public final class CallErrors {
  /** How JavaCPP begins what it throws when natives get no memory. */
  private static final String[] NATIVE = {
    "Physical memory usage is too high",
    "Failed to allocate memory within limits",
    "Cannot allocate new ",
    "Native allocator returned"
  };

  private CallErrors() {}

  /**
   * Whether the node can go on: a library or class that is missing, a stack that one input made too
   * deep, or memory that natives were refused. The last is an {@link OutOfMemoryError} of JavaCPP,
   * thrown before anything is allocated, and says nothing of the heap. A full heap is no such
   * error: whatever runs may have stopped half-way, so the node has to end.
   */
  public static boolean isSurvivable(Throwable error) {
    return error instanceof LinkageError
        || error instanceof StackOverflowError
        || error instanceof OutOfMemoryError memory && isNative(memory);
  }

  private static boolean isNative(OutOfMemoryError error) {
    var message = String.valueOf(error.getMessage());
    for (var beginning : NATIVE) if (message.startsWith(beginning)) return true;
    return false;
  }
}
