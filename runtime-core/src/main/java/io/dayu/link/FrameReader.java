package io.dayu.link;

import io.dayu.keys.KeysException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts bytes into frames, copying every byte once, straight into the frame's array.
 *
 * <p>A frame's length is a stranger's word: an array of that size is made only within what is set
 * aside for the link. For a larger one memory is taken first, and nothing more is read until it is
 * there; who waits for too long is cut off. Belongs to one thread at a time.
 */
final class FrameReader {
  /** Between two tries to get memory. */
  static final Duration RETRY = Duration.ofMillis(20);

  /** A peer whose frame finds no memory for so long is told so by the end of its connection. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  // What TLS begins with, in the first two bytes of our header; no frame is that long.
  private static final int TLS_ALERT = 0x1503;
  private static final int TLS_HANDSHAKE = 0x1603;

  /** How much of a node's memory the frames of one connection may take. */
  interface Memory {
    /** Of a peer that sends nothing larger than {@code largest}, which is little. */
    static Memory of(int largest) {
      return new Memory() {
        @Override
        public int largest(Frame.Type type) {
          return largest;
        }

        @Override
        public boolean take(Frame.Type type, int length) {
          return true;
        }
      };
    }

    /** The largest body that a frame of {@code type} may have now. */
    int largest(Frame.Type type);

    /**
     * Takes what a frame needs.
     *
     * @return false if it is not there now
     */
    boolean take(Frame.Type type, int length);
  }

  private final Memory memory;
  private final Duration patience;
  private List<Frame> ready = new ArrayList<>(); // bounded by what is read at once
  private long header;
  private int headerBytes;
  private Frame.Type type = Frame.Type.HELLO; // of the body
  private byte @Nullable [] body; // null between two frames
  private int length; // of the body
  private int filled;
  private int tries; // to get memory for the frame whose header was read

  FrameReader(Memory memory, Duration patience) {
    this.memory = memory;
    this.patience = patience;
  }

  /**
   * Reads all of {@code buffer}, or up to a frame that finds no memory; then it is to be tried
   * again after {@link #RETRY}.
   *
   * @throws LinkException for a header that cannot be one
   * @throws KeysException if the peer encrypts
   */
  void read(ByteBuffer buffer) {
    while (buffer.hasRemaining()) {
      if (headerBytes < Frame.HEADER) {
        header = header << 8 | buffer.get() & 0xff;
        if (++headerBytes == Frame.HEADER) check();
        continue;
      }
      if (body == null) {
        if (!hasMemory()) return;
        body = new byte[length];
        filled = 0;
      }
      int n = Math.min(buffer.remaining(), length - filled);
      buffer.get(body, filled, n);
      filled += n;
      if (filled == length) {
        ready.add(new Frame(type, body));
        body = null;
        headerBytes = 0;
        header = 0;
      }
    }
  }

  /** Whether no frame is whole. */
  boolean isEmpty() {
    return ready.isEmpty();
  }

  /** The frames that are whole, each of them once. */
  List<Frame> take() {
    if (ready.isEmpty()) return List.of();
    var taken = ready;
    ready = new ArrayList<>();
    return taken;
  }

  private void check() {
    int begin = (int) (header >>> 3 * Byte.SIZE);
    if (begin == TLS_HANDSHAKE || begin == TLS_ALERT)
      throw new KeysException(
          "the peer encrypts and this node does not; give it keys (dayu.keys.directory)");
    type = Frame.Type.of((int) (header & 0xff));
    long told = header >>> 8;
    int largest = memory.largest(type);
    if (told < 1 || told > largest)
      throw new LinkException(
          "frame of %s bytes, 1 to %s are possible; the peer is no Dayu node"
              .formatted(told, largest));
    length = (int) told;
  }

  private boolean hasMemory() {
    if (memory.take(type, length)) {
      tries = 0;
      return true;
    }
    if (++tries > patience.dividedBy(RETRY))
      throw new LinkException(
          "no memory for a frame of %s bytes for %s s: too many large elements arrive at once"
              .formatted(length, patience.toSeconds()));
    return false;
  }
}
