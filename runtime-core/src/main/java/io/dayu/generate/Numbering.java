package io.dayu.generate;

import java.util.OptionalLong;

/**
 * The numbers of a stream's elements. They are reserved in blocks, and a block is used only once
 * its reservation is durable, so that none is used twice, whatever ends the node. Belongs to one
 * actor.
 */
final class Numbering {
  /** How many numbers are reserved at once. */
  static final long BLOCK = 20_000;

  private OptionalLong first = OptionalLong.empty(); // of this run
  private long next;
  private long reserved;

  /** Numbers from here on may be used: a block of them is reserved. */
  void start(long seq) {
    first = OptionalLong.of(seq);
    next = seq;
    reserved = seq + BLOCK;
  }

  boolean hasStarted() {
    return first.isPresent();
  }

  /** Whether {@code count} numbers may be taken. */
  boolean has(int count) {
    return reserved - next >= count;
  }

  /** Whether it is time to reserve more. */
  boolean isLow() {
    return reserved - next < BLOCK / 2;
  }

  /**
   * @throws IllegalStateException if none is reserved
   */
  long take() {
    if (next >= reserved) throw new IllegalStateException("no number is reserved");
    return next++;
  }

  /** Whether an element of this run has the number. */
  boolean hasTaken(long seq) {
    return first.isPresent() && seq >= first.getAsLong() && seq < next;
  }

  /** No element has this number or a higher one yet; 0 before the start. */
  long reserved() {
    return reserved;
  }

  /** The number of the next element. */
  long next() {
    return next;
  }

  /** Up to where numbers are to be reserved by the next save. */
  long toReserve() {
    return isLow() ? next + BLOCK : reserved;
  }

  /** All numbers below {@code upTo} are reserved, durably. */
  void reserved(long upTo) {
    reserved = upTo;
  }

  /** No more numbers are taken. */
  void end() {
    first = OptionalLong.empty();
    reserved = next;
  }
}
