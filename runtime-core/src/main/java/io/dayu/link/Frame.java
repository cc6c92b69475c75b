package io.dayu.link;

/**
 * One frame of a link: four bytes of length, one of type, then the body.
 *
 * @param body owned by the receiver; never a pooled buffer, since elements alias it
 */
record Frame(Type type, byte[] body) {
  enum Type {
    HELLO(1),
    CREDIT(2),
    PING(3),
    BYE(4),
    /** The whole, or the last part, of an element. */
    DATA(5),
    /** A part of an element with more to follow. */
    PART(6),
    /** To the producer: what is stored of a stream that its node generates. */
    ACKNOWLEDGEMENT(7);

    private static final Type[] BY_CODE = new Type[values().length + 1];

    static {
      for (var type : values()) BY_CODE[type.code] = type;
    }

    private final int code; // frozen

    Type(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static Type of(int code) {
      if (code < 1 || code >= BY_CODE.length)
        throw new LinkException(
            "unknown frame type " + code + "; the peer is no Dayu node or a newer one");
      return BY_CODE[code];
    }
  }

  static final int HEADER = 5;
}
