package io.dayu.bench.abuse;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;

/**
 * One attack under way: what it may draw on, what it has sent and what it got to hear. Belongs to
 * one thread.
 */
final class Attempt {
  private static final int FEWEST = 30;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int CONNECT_MS = 3_000;

  /** How long an answer is listened to; nodes may close without one. */
  private static final int LISTEN_MS = 100;

  private static final int LONGEST_ANSWER = 1 << 20;

  private final Victims victims;
  private final Random random;
  private final Duration lasting;
  private final long end;
  private final long latest;
  private long inputs;

  /**
   * @param lasting how long the attack goes on if it could go on for ever
   */
  Attempt(Victims victims, Random random, Duration lasting) {
    this.victims = victims;
    this.random = random;
    this.lasting = lasting;
    this.end = System.nanoTime() + lasting.toNanos();
    this.latest = end + PATIENCE.toNanos();
  }

  Victims victims() {
    return victims;
  }

  Random random() {
    return random;
  }

  /** Whether the attack may go on: for its time, or until a few inputs were sent. */
  boolean goesOn() {
    long now = System.nanoTime();
    return now < end || inputs < FEWEST && now < latest;
  }

  /** Lets what was sent have its effect. */
  void hold() throws InterruptedException {
    Thread.sleep(lasting.toMillis());
  }

  /** Counts what was sent. */
  void sent() {
    inputs++;
  }

  long inputs() {
    return inputs;
  }

  byte[] bytes(int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /**
   * A connection; whoever opens it closes it.
   *
   * @throws IOException also where a node refuses, as it may
   */
  Socket connect(InetSocketAddress to) throws IOException {
    var socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(to.getHostString(), to.getPort()), CONNECT_MS);
      socket.setSoTimeout(LISTEN_MS);
      socket.setTcpNoDelay(true);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** A connection to a port of nodes, as somebody. */
  Socket connect(InetSocketAddress to, Guise guise) throws IOException {
    var plain = connect(to);
    try {
      return victims.keys().dress(guise, plain);
    } catch (IOException e) {
      plain.close();
      throw e;
    }
  }

  /** Any guise. */
  Guise guise() {
    var all = Guise.values();
    return all[random.nextInt(all.length)];
  }

  /** Sends bytes to a port of nodes and listens to the answer until nothing comes. */
  @CanIgnoreReturnValue
  byte[] exchange(InetSocketAddress to, Guise guise, byte[] bytes) throws IOException {
    try (var socket = connect(to, guise)) {
      send(socket.getOutputStream(), bytes);
      return heard(socket.getInputStream());
    }
  }

  /** Sends bytes and listens to the answer until nothing comes. */
  @CanIgnoreReturnValue
  byte[] exchange(InetSocketAddress to, byte[] bytes) throws IOException {
    try (var socket = connect(to)) {
      send(socket.getOutputStream(), bytes);
      return heard(socket.getInputStream());
    }
  }

  void send(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
    sent();
  }

  /** What comes until nothing does, or the peer closes; nothing secret may be in it. */
  @CanIgnoreReturnValue
  byte[] heard(InputStream in) throws IOException {
    var heard = new ByteArrayOutputStream();
    var buffer = new byte[8192];
    try {
      for (int n = in.read(buffer); n >= 0 && heard.size() < LONGEST_ANSWER; n = in.read(buffer))
        heard.write(buffer, 0, n);
    } catch (SocketTimeoutException silent) {
      // That was all.
    }
    return heard(heard.toByteArray());
  }

  /** Lets an answer be searched for secrets. */
  @CanIgnoreReturnValue
  byte[] heard(byte[] answer) {
    victims.secrets().search("an answer", answer);
    return answer;
  }
}
