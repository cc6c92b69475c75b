package io.dayu.link;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that one inbound link may fill with elements in the making: its window, which the
 * node's budget has set aside for it, and for an element that is larger a share of what the node
 * keeps for such elements. A share is taken whole before the first byte is stored, so that no two
 * links can wait for each other. Taken by the one thread that reads from the connection, given back
 * by the actor that owns the link.
 */
final class Allotment implements FrameReader.Memory {
  /** A hello is two names: whatever else a stranger says it will send, is not read. */
  static final int MAX_HELLO = 4 << 10;

  private final LargeBytes large;
  private final int maxElement;
  private final AtomicLong taken = new AtomicLong(); // of large; negative once it is closed
  private volatile long window; // 0 until the link is open
  private boolean withinElement; // belongs to the thread that reads

  Allotment(LargeBytes large, int maxElement) {
    this.large = large;
    this.maxElement = (int) Math.min(maxElement, large.largest());
  }

  /** This much is set aside for the link. */
  void open(long window) {
    this.window = window;
  }

  /** The largest element that the link takes. */
  int maxElement() {
    return maxElement;
  }

  @Override
  public int largest(Frame.Type type) {
    if (window == 0) return MAX_HELLO;
    return switch (type) {
      case DATA, PART -> Frames.MAX_BODY;
      case HELLO, CREDIT, PING, BYE, ACKNOWLEDGEMENT -> Frames.MAX_CONTROL;
    };
  }

  @Override
  public boolean take(Frame.Type type, int length) {
    boolean part = type == Frame.Type.PART;
    if (window == 0 || !part && type != Frame.Type.DATA) return true;
    if (!withinElement && !reserve(part ? ofParts() : ofOne(length))) return false;
    withinElement = part;
    return true;
  }

  /** What an element that came in one frame has taken beyond the window. */
  long ofOne(int length) {
    return length <= window ? 0 : length;
  }

  /** What an element in parts has taken; they are there twice while they are joined. */
  long ofParts() {
    return 2L * maxElement;
  }

  /** Elements that had taken {@code bytes} have left the link. */
  void giveBack(long bytes) {
    while (true) {
      long now = taken.get();
      if (now < 0) return; // closed: all is given back
      if (taken.compareAndSet(now, now - bytes)) break;
    }
    large.giveBack(bytes);
  }

  /** The link is gone; gives back what is left and takes nothing more. */
  void close() {
    long left = taken.getAndSet(-1);
    if (left > 0) large.giveBack(left);
  }

  private boolean reserve(long bytes) {
    if (bytes == 0) return true;
    if (!large.take(bytes)) return false;
    while (true) {
      long now = taken.get();
      if (now < 0) { // closed in the meantime: nobody would give it back
        large.giveBack(bytes);
        return false;
      }
      if (taken.compareAndSet(now, now + bytes)) return true;
    }
  }
}
