package io.dayu.link;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Element;
import io.dayu.pipeline.StreamName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;

/**
 * Frames from and to bytes. A data frame's body begins with the element's age and the link's
 * transfer time, so that an element need not be rebuilt to tell them.
 */
final class Frames {
  /** Age (8 bytes) and transfer time (4 bytes), both in microseconds. */
  static final int PREFIX = 12;

  /** Bodies are cut at this size, so that pings and credits get through between the parts. */
  static final int MAX_BODY = 4 << 20;

  /** The largest body of a frame that is no element. */
  static final int MAX_CONTROL = 64 << 10;

  /** A hundred years: more than a clock that began at 1970 makes of an element that waited. */
  private static final long MAX_AGE_US = 100L * 365 * 24 * 3600 * 1_000_000;

  private Frames() {}

  static ByteString control(Frame.Type type, MessageLite message) {
    int size = message.getSerializedSize();
    // A frame's body must not be empty, but a protobuf message may be: one unused byte comes first.
    var bytes = new byte[Frame.HEADER + 1 + size];
    header(bytes, 0, type, 1 + size);
    write(message, bytes, Frame.HEADER + 1, size);
    return ByteString.fromArrayUnsafe(bytes);
  }

  /**
   * One frame, or several for an element beyond {@link #MAX_BODY}. Payloads are not copied: the
   * frames hold the element's own bytes.
   */
  static List<ByteString> data(Parcel parcel, long nowNanos, int transferUs) {
    var prefix = new byte[PREFIX];
    prefix(prefix, 0, parcel, nowNanos, transferUs);
    var body = ByteString.fromArrayUnsafe(prefix).concat(Pieces.of(parcel.element()));
    int size = body.size();
    var frames = new ArrayList<ByteString>(1);
    for (int from = 0; from < size; from += MAX_BODY) {
      int length = Math.min(MAX_BODY, size - from);
      var head = new byte[Frame.HEADER];
      header(head, 0, from + length < size ? Frame.Type.PART : Frame.Type.DATA, length);
      var part = length == size ? body : body.slice(from, from + length);
      frames.add(ByteString.fromArrayUnsafe(head).concat(part));
    }
    return frames;
  }

  /** Bytes of a data frame of its own. */
  static int size(Parcel parcel) {
    return Frame.HEADER + PREFIX + parcel.element().getSerializedSize();
  }

  /** Writes a whole data frame of {@link #size} bytes into {@code bytes}. */
  static void data(Parcel parcel, long nowNanos, int transferUs, byte[] bytes, int at) {
    header(bytes, at, Frame.Type.DATA, size(parcel) - Frame.HEADER);
    body(bytes, at + Frame.HEADER, parcel, nowNanos, transferUs);
  }

  /** The parcel in a data frame's body; the element aliases {@code body}. */
  static Parcel parcel(byte[] body, long nowNanos) {
    if (body.length < PREFIX) throw new LinkException("data frame of " + body.length + " bytes");
    var prefix = ByteBuffer.wrap(body, 0, PREFIX);
    long ageUs = prefix.getLong();
    int transferUs = prefix.getInt();
    if (ageUs < 0 || ageUs > MAX_AGE_US || transferUs < 0)
      throw new LinkException("data frame of an element that is %s us old".formatted(ageUs));
    try {
      var input =
          UnsafeByteOperations.unsafeWrap(body, PREFIX, body.length - PREFIX).newCodedInput();
      input.enableAliasing(true); // ignored by every other kind of input
      var element = Element.parseFrom(input);
      if (!StreamName.isName(element.getStream()))
        throw new LinkException("data frame is an element of no stream");
      // The size is known: to compute it again would cost a third of the parsing.
      return new Parcel(element, nowNanos - ageUs * 1_000, transferUs, body.length - PREFIX);
    } catch (IOException e) {
      throw new LinkException("data frame is no element: " + e.getMessage());
    }
  }

  /** Parses a control frame's body. */
  static <M> M message(Frame frame, com.google.protobuf.Parser<M> parser) {
    try {
      return parser.parseFrom(frame.body(), 1, frame.body().length - 1);
    } catch (InvalidProtocolBufferException e) {
      throw new LinkException("broken " + frame.type() + " frame: " + e.getMessage());
    }
  }

  private static void body(byte[] bytes, int at, Parcel parcel, long nowNanos, int transferUs) {
    prefix(bytes, at, parcel, nowNanos, transferUs);
    var element = parcel.element();
    write(element, bytes, at + PREFIX, element.getSerializedSize());
  }

  private static void prefix(byte[] bytes, int at, Parcel parcel, long nowNanos, int transferUs) {
    ByteBuffer.wrap(bytes, at, PREFIX)
        .putLong(parcel.ageUs(nowNanos) + transferUs)
        .putInt(transferUs);
  }

  private static void header(byte[] bytes, int at, Frame.Type type, int length) {
    ByteBuffer.wrap(bytes, at, Frame.HEADER).putInt(length).put((byte) type.code());
  }

  private static void write(MessageLite message, byte[] bytes, int at, int size) {
    try {
      message.writeTo(CodedOutputStream.newInstance(bytes, at, size));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
