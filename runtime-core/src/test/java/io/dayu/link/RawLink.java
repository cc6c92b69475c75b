package io.dayu.link;

import com.google.protobuf.MessageLite;
import io.dayu.element.Element;
import io.dayu.facts.InstanceName;
import io.dayu.link.wire.Bye;
import io.dayu.link.wire.Credit;
import io.dayu.link.wire.Hello;
import io.dayu.link.wire.Ping;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

/** A socket that speaks the protocol of links, and says whatever a test wants. Blocks. */
public final class RawLink implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private final Socket socket;
  private long granted;

  private RawLink(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(PATIENCE_MILLIS);
  }

  /** An open link to an instance at this port of the machine, by the name of {@code node}. */
  public static RawLink to(int port, InstanceName instance, String node) throws IOException {
    var link = hello(port, instance, node);
    // The first credit is the window; what comes later was given back.
    Credit.parseFrom(link.read(Frame.Type.CREDIT));
    return link;
  }

  /** Why such a link is refused. */
  public static String refused(int port, InstanceName instance, String node) throws IOException {
    try (var link = hello(port, instance, node)) {
      return Bye.parseFrom(link.read(Frame.Type.BYE)).getReason();
    }
  }

  private static RawLink hello(int port, InstanceName instance, String node) throws IOException {
    var link = new RawLink(new Socket(InetAddress.getLoopbackAddress(), port));
    link.write(
        Frame.Type.HELLO,
        Hello.newBuilder()
            .setVersion(LinkSettings.PROTOCOL)
            .setInstance(instance.toString())
            .setNode(node)
            .build());
    return link;
  }

  /** The far end of a link that a node opens; it is open. */
  public static RawLink accept(ServerSocket server) throws IOException {
    var link = new RawLink(server.accept());
    link.read(Frame.Type.HELLO);
    link.write(Frame.Type.CREDIT, Credit.newBuilder().setElements(10).setBytes(1 << 20).build());
    return link;
  }

  public void send(Element element) throws IOException {
    for (var frame : Frames.data(new Parcel(element, System.nanoTime(), 0), System.nanoTime(), 0))
      socket.getOutputStream().write(frame.toArray());
  }

  /** Returns when so many elements were taken or refused. */
  public void awaitCredit(int elements) throws IOException {
    while (granted < elements) granted += Credit.parseFrom(read(Frame.Type.CREDIT)).getElements();
    granted -= elements;
  }

  /** An acknowledgement, as a cloud node sends it. */
  public void tell(MessageLite acknowledgement) throws IOException {
    write(Frame.Type.ACKNOWLEDGEMENT, acknowledgement);
  }

  /** Returns when all that was sent before was read. */
  public void ping() throws IOException {
    write(Frame.Type.PING, Ping.newBuilder().setStamp(1).build());
    while (!Ping.parseFrom(read(Frame.Type.PING)).getReply()) {
      // its own question
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private void write(Frame.Type type, MessageLite message) throws IOException {
    socket.getOutputStream().write(Frames.control(type, message).toArray());
  }

  /** The body of the next frame of this type, without the filler of a control frame. */
  private byte[] read(Frame.Type type) throws IOException {
    var in = new DataInputStream(socket.getInputStream());
    while (true) {
      var body = new byte[in.readInt()];
      int code = in.readByte();
      in.readFully(body);
      if (code == type.code()) return Arrays.copyOfRange(body, 1, body.length);
    }
  }
}
