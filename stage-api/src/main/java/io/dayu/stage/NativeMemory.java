package io.dayu.stage;

/**
 * Memory outside of the heap that stages or sources of a process bound themselves. Nodes find it by
 * {@link java.util.ServiceLoader} and report it, so that people see what is full. Safe for any
 * thread; must not block.
 */
public interface NativeMemory {
  /** What has it, in the style of {@code video-decoders}. */
  String part();

  /** Bytes that are taken. */
  long used();

  /** Bytes that may be taken. */
  long limit();
}
