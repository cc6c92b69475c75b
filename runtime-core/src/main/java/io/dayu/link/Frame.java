package io.dayu.link;

/**
 * One frame of a link: four bytes of length, one of type, then the body.
 *
 * @param body owned by the receiver; never a pooled buffer, since elements alias it
 */
record Frame(Type type, byte[] body) {
  enum Type {
    HELLO,
    CREDIT,
    PING,
    BYE,
    /** The whole, or the last part, of an element. */
    DATA,
    /** A part of an element with more to follow. */
    PART,
    /** To the producer: what is stored of a stream that its node generates. */
    ACKNOWLEDGEMENT;

    private static final Type[] ALL = values();

    /** Codes are frozen: 1 for {@link #HELLO} and so on. */
    int code() {
      return ordinal() + 1;
    }

    static Type of(int code) {
      if (code < 1 || code > ALL.length)
        throw new LinkException(
            "unknown frame type " + code + "; the peer is no Dayu node or a newer one");
      return ALL[code - 1];
    }
  }

  static final int HEADER = 5;
}
