package io.dayu.service;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.DescribeRequest;
import io.dayu.service.wire.Description;
import io.dayu.service.wire.Replies;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The methods of {@code dayu.service.v1.Stage}, for both sides. Written by hand: the compiler's
 * plugin for gRPC would be one more program to fetch for each platform, for these two lines.
 */
public final class StageMethods {
  /** Its full name. */
  public static final String SERVICE = "dayu.service.v1.Stage";

  /** What the service is. */
  public static final MethodDescriptor<DescribeRequest, Description> DESCRIBE =
      MethodDescriptor.newBuilder(
              messages(DescribeRequest.parser()), messages(Description.parser()))
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Describe"))
          .build();

  /** The stream of elements. */
  public static final MethodDescriptor<Calls, Replies> WORK =
      MethodDescriptor.newBuilder(messages(Calls.parser()), messages(Replies.parser()))
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Work"))
          .build();

  private StageMethods() {}

  private static <M extends MessageLite> MethodDescriptor.Marshaller<M> messages(Parser<M> parser) {
    return new MethodDescriptor.Marshaller<>() {
      @Override
      public InputStream stream(M message) {
        return new Written(message);
      }

      @Override
      public M parse(InputStream stream) {
        // How large a message may be is decided before it is read.
        var in = CodedInputStream.newInstance(stream);
        in.setSizeLimit(Integer.MAX_VALUE);
        try {
          var message = parser.parseFrom(in);
          in.checkLastTagWas(0);
          return message;
        } catch (InvalidProtocolBufferException e) {
          throw Status.INTERNAL
              .withDescription("it is no message of " + SERVICE)
              .withCause(e)
              .asRuntimeException();
        }
      }
    };
  }

  /** A message that is written straight into the buffers of the transport. */
  private static final class Written extends InputStream implements KnownLength, Drainable {
    private final MessageLite message;
    private @Nullable InputStream bytes; // where somebody reads instead
    private boolean drained;

    Written(MessageLite message) {
      this.message = message;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      if (bytes != null || drained) {
        long left = bytes().transferTo(target);
        return Math.toIntExact(left);
      }
      message.writeTo(target);
      drained = true;
      return message.getSerializedSize();
    }

    @Override
    public int available() throws IOException {
      return bytes == null && !drained ? message.getSerializedSize() : bytes().available();
    }

    @Override
    public int read() throws IOException {
      return bytes().read();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      return bytes().read(into, offset, length);
    }

    private InputStream bytes() {
      if (bytes == null)
        bytes = new ByteArrayInputStream(drained ? new byte[0] : message.toByteArray());
      return bytes;
    }
  }
}
