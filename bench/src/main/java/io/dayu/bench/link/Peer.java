package io.dayu.bench.link;

import com.typesafe.config.ConfigFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.SpawnProtocol;

/**
 * One end of a hop, in a process of its own. It connects to whoever started it and does what it is
 * told, one line each: {@code receive MECHANISM PAYLOAD} is answered with a port, {@code send
 * MECHANISM PAYLOAD PORT} and {@code close} with {@code ok}, {@code arrived} with elements, bytes
 * and nanoseconds. When the connection ends, so does the process.
 */
public final class Peer implements AutoCloseable {
  private final ActorSystem<SpawnProtocol.Command> system = startSystem();
  private ArrivalCounter arrivals = new ArrivalCounter();
  private Optional<Transport.End> open = Optional.empty();

  /** As {@link io.dayu.flow.FlowNode} configures the system that carries elements. */
  private static ActorSystem<SpawnProtocol.Command> startSystem() {
    var config =
        ConfigFactory.defaultOverrides()
            .withFallback(ConfigFactory.parseResources("dayu-flow.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    return ActorSystem.create(SpawnProtocol.create(), "flow", config);
  }

  /**
   * @param args the port of the one who started it
   */
  public static void main(String[] args) throws IOException {
    int status = 0;
    try (var control = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
        var peer = new Peer();
        var in =
            new BufferedReader(
                new InputStreamReader(control.getInputStream(), StandardCharsets.UTF_8));
        var out = new PrintWriter(control.getOutputStream(), true, StandardCharsets.UTF_8)) {
      for (var line = in.readLine(); line != null; line = in.readLine())
        out.println(peer.perform(line));
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      status = 1;
    }
    System.exit(status);
  }

  /** Does what a line says and returns the answer. */
  String perform(String line) {
    var words = line.split(" ");
    return switch (words[0]) {
      case "receive" -> receive(Mechanism.valueOf(words[1]), Integer.parseInt(words[2]));
      case "send" -> {
        int payload = Integer.parseInt(words[2]);
        int port = Integer.parseInt(words[3]);
        replace(Mechanism.valueOf(words[1]).transport().send(system, payload, port));
        yield "ok";
      }
      case "arrived" -> {
        var now = arrivals.snapshot();
        yield now.elements() + " " + now.bytes() + " " + now.atNanos();
      }
      case "close" -> {
        open.ifPresent(Transport.End::close);
        open = Optional.empty();
        yield "ok";
      }
      default -> throw new IllegalArgumentException("not understood: " + line);
    };
  }

  private String receive(Mechanism mechanism, int payload) {
    // Each turn has its own counter: a late element of the last turn must not count in this one.
    arrivals = new ArrivalCounter();
    var end = mechanism.transport().receive(system, payload, arrivals);
    replace(end);
    return Integer.toString(end.port());
  }

  private void replace(Transport.End end) {
    if (open.isPresent()) throw new IllegalStateException("the last turn is still open");
    open = Optional.of(end);
  }

  @Override
  public void close() {
    open.ifPresent(Transport.End::close);
    system.terminate();
    // Answered, so that the process that waits for this one does not wait for ever.
    system.getWhenTerminated().toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }
}
