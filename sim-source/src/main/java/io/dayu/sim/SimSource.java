package io.dayu.sim;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Command line of the camera and sensor simulator; runs until it is ended from outside. */
@Command(
    name = "sim-source",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Serves simulated cameras (HTTP MJPEG) and sensors (CSV, NDJSON) in real time. GET / lists them.")
public final class SimSource implements Callable<Integer> {
  private static final String DEFAULT = " (${DEFAULT-VALUE})";

  @Spec private CommandSpec spec;

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      description = "address to listen on" + DEFAULT)
  private String host;

  @Option(names = "--port", defaultValue = "0", description = "0 for any free port" + DEFAULT)
  private int port;

  @Option(names = "--port-file", description = "file to write the port to when ready")
  private Optional<Path> portFile;

  @Option(names = "--cameras", defaultValue = "1", description = "number of cameras" + DEFAULT)
  private int cameras;

  @Option(names = "--fps", defaultValue = "10", description = "pictures per second" + DEFAULT)
  private double fps;

  @Option(
      names = "--height",
      defaultValue = "540",
      description = "of the pictures, in pixels" + DEFAULT)
  private int height;

  @Option(
      names = "--video",
      defaultValue = "auto",
      description = "a film to replay, or auto: a generated street with ground truth" + DEFAULT)
  private String video;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "same seed, same scenes and readings" + DEFAULT)
  private long seed;

  @Option(names = "--faults", defaultValue = "", description = "what goes wrong: " + Faults.GRAMMAR)
  private String faults;

  @Option(names = "--sensors", defaultValue = "2", description = "number of sensors" + DEFAULT)
  private int sensors;

  @Option(names = "--rate", defaultValue = "1", description = "readings per second" + DEFAULT)
  private double rate;

  @Option(
      names = "--sensor-day",
      defaultValue = "600",
      description = "seconds in which the sensors' daily curve repeats" + DEFAULT)
  private double sensorDay;

  /** Serves until the process is told to end. */
  public static void main(String[] args) {
    // Drawing needs no window system; and stdout must have only the line that others wait for.
    System.setProperty("java.awt.headless", "true");
    if (System.getProperty("logback.configurationFile") == null) {
      System.setProperty("logback.configurationFile", "io/dayu/sim/logback.xml");
    }
    int code = new CommandLine(new SimSource()).execute(args);
    System.exit(code);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    var settings = settings();
    SimServer server;
    try {
      server = SimServer.start(settings);
    } catch (BindException e) {
      return refuse(
          "cannot listen on "
              + host
              + " port "
              + port
              + ": "
              + e.getMessage()
              + ". Choose another port with --port, or any free one with --port 0");
    } catch (UnknownHostException | UnresolvedAddressException e) {
      return refuse("--host " + host + " is not an address of this machine");
    } catch (IOException e) {
      return refuse(String.valueOf(e.getMessage()));
    }
    var stopped = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "close"));
    if (portFile.isPresent()) {
      try {
        writeAtomically(portFile.get().toAbsolutePath(), server.port() + "\n");
      } catch (IOException e) {
        return refuse("cannot write --port-file " + portFile.get() + ": " + e.getMessage());
      }
    }
    var out = spec.commandLine().getOut();
    out.println("sim-source ready http://" + urlHost() + ":" + server.port());
    out.flush();
    stopped.await(); // for ever: a signal ends the process
    return 0;
  }

  private SimSettings settings() {
    Optional<Path> film = video.equals("auto") ? Optional.empty() : Optional.of(Path.of(video));
    film.filter(f -> !Files.isReadable(f) || Files.isDirectory(f))
        .ifPresent(
            f -> {
              throw new ParameterException(
                  spec.commandLine(),
                  "--video "
                      + f
                      + " is not a file that can be read; give a film, or auto for the generated street");
            });
    try {
      return new SimSettings(
          host,
          port,
          cameras,
          fps,
          height,
          film,
          seed,
          Faults.parse(faults, cameras),
          sensors,
          rate,
          sensorDay);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private String urlHost() {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  private int refuse(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("sim-source: " + message);
    err.flush();
    return 1;
  }

  /** Writes atomically: a reader that waits for the file never sees a part of it. */
  private static void writeAtomically(Path file, String text) throws IOException {
    var draft = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
    Files.writeString(draft, text);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
