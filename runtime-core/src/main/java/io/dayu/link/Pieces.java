package io.dayu.link;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.apache.pekko.util.ByteString;

/**
 * The bytes of a message in pieces, of which large ones are the message's own: a payload of a
 * megabyte is encoded without a copy.
 *
 * <p>It relies on how {@link CodedOutputStream} writes to a stream: what is longer than its buffer
 * comes straight from the {@code bytes} field that it belongs to and never changes, all else comes
 * from the buffer, which is used again.
 */
final class Pieces extends OutputStream {
  /** The buffer's size; shorter fields are copied with all that is around them. */
  private static final int BUFFER = 4 << 10;

  private ByteString written = ByteString.emptyByteString();

  private Pieces() {}

  static ByteString of(MessageLite message) {
    var pieces = new Pieces();
    try {
      var out = CodedOutputStream.newInstance(pieces, BUFFER);
      message.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pieces.written;
  }

  @Override
  public void write(int oneByte) {
    written = written.concat(ByteString.fromArray(new byte[] {(byte) oneByte}));
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    var piece =
        length > BUFFER
            ? ByteString.fromArrayUnsafe(bytes, from, length)
            : ByteString.fromArray(bytes, from, length);
    written = written.concat(piece);
  }
}
