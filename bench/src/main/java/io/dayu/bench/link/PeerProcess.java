package io.dayu.bench.link;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import io.dayu.local.Home;
import io.dayu.local.LocalCluster;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** A {@link Peer} as the one who started it sees it. Methods block; not thread-safe. */
final class PeerProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ChildProcess process;
  private final Socket control;
  private final BufferedReader in;
  private final PrintWriter out;

  private PeerProcess(ChildProcess process, Socket control) throws IOException {
    this.process = process;
    this.control = control;
    control.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
    this.in =
        new BufferedReader(new InputStreamReader(control.getInputStream(), StandardCharsets.UTF_8));
    this.out = new PrintWriter(control.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /** Starts it among the processes of {@code cluster}, which ends it in any case. */
  static PeerProcess start(
      LocalCluster cluster, Home.Program program, String name, List<String> jvm) {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
      var process =
          cluster.run(name, program, jvm, List.of(Integer.toString(server.getLocalPort())));
      return new PeerProcess(process, server.accept());
    } catch (IOException e) {
      throw new UserException("the %s does not start: %s".formatted(name, e.getMessage()), e);
    }
  }

  ChildProcess process() {
    return process;
  }

  /** Opens a port and returns it. */
  int receive(Mechanism mechanism, int payload) {
    return Integer.parseInt(ask("receive " + mechanism + " " + payload));
  }

  void send(Mechanism mechanism, int payload, int port) {
    ask("send %s %s %s".formatted(mechanism, payload, port));
  }

  ArrivalCounter.Snapshot arrived() {
    var words = ask("arrived").split(" ");
    return new ArrivalCounter.Snapshot(
        Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]));
  }

  /** Ends the turn. */
  void stop() {
    ask("close");
  }

  @CanIgnoreReturnValue
  private String ask(String line) {
    try {
      out.println(line);
      var answer = in.readLine();
      if (answer != null) return answer;
      if (process.await(Duration.ofSeconds(5))) throw process.died();
      throw new UserException(process.name() + " has hung up on \"" + line + "\"");
    } catch (IOException e) {
      throw new UserException(
          "%s does not answer \"%s\": %s".formatted(process.name(), line, e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    try {
      control.close();
    } catch (IOException e) {
      throw new UserException("the connection to " + process.name() + " cannot be closed", e);
    }
  }
}
