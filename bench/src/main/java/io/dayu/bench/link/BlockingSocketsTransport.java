package io.dayu.bench.link;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.SpawnProtocol;

/** The limit of the machine: one thread at each end, a length, a number and the payload. */
final class BlockingSocketsTransport implements Transport {
  private static final int BUFFER = 64 << 10;

  @Override
  public ReceivingEnd receive(
      ActorSystem<SpawnProtocol.Command> system, int payload, ArrivalCounter arrivals) {
    try {
      var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      thread("receive", () -> read(server, arrivals));
      return new ReceivingEnd() {
        @Override
        public int port() {
          return server.getLocalPort();
        }

        @Override
        public void close() {
          closed(server);
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public End send(ActorSystem<SpawnProtocol.Command> system, int payload, int port) {
    try {
      var socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      thread("send", () -> write(socket, Elements.bytes(payload)));
      return () -> closed(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void read(ServerSocket server, ArrivalCounter arrivals) {
    try (var socket = server.accept();
        var in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER))) {
      while (true) {
        // A new array for each element: whoever receives it keeps it.
        var bytes = new byte[in.readInt()];
        in.readLong();
        in.readFully(bytes);
        arrivals.arrived(bytes.length);
      }
    } catch (IOException ended) {
      // The sender has closed, or we have: the end of the turn either way.
    }
  }

  private static void write(Socket socket, byte[] payload) {
    try (socket;
        var out =
            new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), BUFFER))) {
      for (long seq = 0; ; seq++) {
        out.writeInt(payload.length);
        out.writeLong(seq);
        out.write(payload);
      }
    } catch (IOException ended) {
      // Closed at the end of the turn.
    }
  }

  private static void thread(String name, Runnable work) {
    var thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void closed(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException("a socket cannot be closed", e);
    }
  }
}
