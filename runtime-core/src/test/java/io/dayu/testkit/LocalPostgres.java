package io.dayu.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL server for tests and benches: this machine's own programs, in a temporary directory,
 * on a port of its own at loopback and, if asked to, at one more address. It can be stopped and
 * started, which is an outage, and is gone with its data when it is closed or the process ends in
 * order. Nothing of it is durable, unless asked for. Safe for any thread: one starts or ends it at
 * a time, and once it is closed nothing is started any more.
 *
 * <p>PostgreSQL refuses to run as root; then it runs as the user {@code postgres}.
 */
public final class LocalPostgres implements AutoCloseable {
  private static final Path VERSIONS = Path.of("/usr/lib/postgresql");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final String USER = "postgres";
  private static final String LOOPBACK = "127.0.0.1";

  private final Path programs;
  private final Path directory;
  private final String address;
  private final int port;
  private final boolean durable;
  private final Thread hook = new Thread(this::end, "stop-postgres");
  private Process server; // guarded by this
  private boolean closed; // guarded by this

  private LocalPostgres(Path programs, Path directory, String address, int port, boolean durable) {
    this.programs = programs;
    this.directory = directory;
    this.address = address;
    this.port = port;
    this.durable = durable;
  }

  /** Whether Debian's packages of a server are here. */
  public static boolean installed() {
    return programs().isPresent();
  }

  /**
   * A server that accepts connections.
   *
   * @throws IllegalStateException if it is not installed or does not start
   */
  public static LocalPostgres start() {
    return start(LOOPBACK);
  }

  /**
   * A server as {@link #start()} has it, whose commits are forced to the disk, as they are where
   * nobody decides otherwise.
   *
   * @throws IllegalStateException if it is not installed or does not start
   */
  public static LocalPostgres startDurable() {
    return start(LOOPBACK, true);
  }

  /**
   * A server that accepts connections at one more address of this machine, from whoever is in the
   * same subnet, without a password. Its databases' URLs have this address.
   *
   * @throws IllegalStateException if it is not installed or does not start
   */
  public static LocalPostgres start(String address) {
    return start(address, false);
  }

  private static LocalPostgres start(String address, boolean durable) {
    var programs =
        programs()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "there is no PostgreSQL server in %s; install Debian's package postgresql"
                            .formatted(VERSIONS)));
    try {
      var directory = Files.createTempDirectory("dayu-postgres-");
      if (isRoot())
        Files.setOwner(
            directory,
            directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(USER));
      var postgres = new LocalPostgres(programs, directory, address, freePort(), durable);
      Runtime.getRuntime().addShutdownHook(postgres.hook);
      try {
        postgres.initialise();
        postgres.up();
      } catch (RuntimeException e) {
        postgres.close();
        throw e;
      }
      return postgres;
    } catch (IOException e) {
      throw new UncheckedIOException("a directory for PostgreSQL cannot be made", e);
    }
  }

  /** The URL of a new, empty database of this name; its user is {@link #user()}. */
  public synchronized String create(String database) {
    run("createdb", "-h", LOOPBACK, "-p", Integer.toString(port), "-U", USER, database);
    return url(database);
  }

  /** The URL of a database, whether it is there or not. */
  public String url(String database) {
    return "jdbc:postgresql://%s:%d/%s".formatted(address, port, database);
  }

  /** Its password is empty. */
  public String user() {
    return USER;
  }

  /** The server and those that it has started, none while it is down. */
  public synchronized List<ProcessHandle> processes() {
    return server == null
        ? List.of()
        : Stream.concat(Stream.of(server.toHandle()), server.descendants()).toList();
  }

  /** Ends the server at once, as a crash would; its data stay. Does nothing if it is down. */
  public synchronized void down() {
    if (server == null) return;
    // What PostgreSQL calls an immediate shutdown.
    if (server.isAlive()) signal("QUIT");
    if (!await(server, PATIENCE)) server.destroyForcibly();
    await(server, PATIENCE); // one that outlives this holds its port, and up() tells that
    server = null;
  }

  /**
   * Starts the server, where it was, and waits until it accepts connections.
   *
   * @throws IllegalStateException if it does not start, or is closed
   */
  public synchronized void up() {
    if (server != null && server.isAlive()) return;
    var command =
        new ArrayList<>(
            List.of(
                program("postgres"),
                "-D",
                data().toString(),
                "-k",
                directory.toString(),
                "-h",
                address.equals(LOOPBACK) ? LOOPBACK : LOOPBACK + "," + address,
                "-p",
                Integer.toString(port)));
    if (!durable) command.addAll(List.of("-c", "fsync=off", "-c", "full_page_writes=off"));
    server = begin(command);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    var ready =
        List.of(
            program("pg_isready"), "-q", "-h", LOOPBACK, "-p", Integer.toString(port), "-t", "1");
    while (!succeeds(ready)) {
      if (await(server, LOOK_AGAIN) || System.nanoTime() - deadline > 0)
        throw new IllegalStateException("PostgreSQL does not start: " + log());
    }
  }

  /** Ends the server and removes its data; idempotent. */
  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException goingDown) {
      // Too late to take the hook back, which finds nothing left to do.
    }
  }

  private synchronized void end() {
    closed = true;
    down();
    try {
      if (Files.exists(directory)) remove(directory);
    } catch (IOException e) {
      System.err.println("cannot remove " + directory + ": " + e.getMessage());
    }
  }

  private synchronized void initialise() {
    run(
        "initdb",
        "-D",
        data().toString(),
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        "--locale=C");
    if (!address.equals(LOOPBACK)) admitSubnet();
  }

  private void admitSubnet() {
    try {
      Files.writeString(
          data().resolve("pg_hba.conf"),
          "\nhost all all samenet trust\n",
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException("PostgreSQL's rules of access cannot be written", e);
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void run(String program, String... arguments) {
    var command = new ArrayList<String>();
    command.add(program(program));
    command.addAll(List.of(arguments));
    var process = begin(command);
    boolean ended = await(process, PATIENCE);
    if (!ended) process.destroyForcibly();
    if (!ended || process.exitValue() != 0)
      throw new IllegalStateException("%s failed: %s".formatted(program, log()));
  }

  private boolean succeeds(List<String> command) {
    var process = begin(command);
    return await(process, PATIENCE) && process.exitValue() == 0;
  }

  private Process begin(List<String> command) {
    if (closed) throw new IllegalStateException("this PostgreSQL is closed");
    var whole = new ArrayList<String>();
    if (isRoot())
      whole.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--init-groups"));
    whole.addAll(command);
    try {
      return new ProcessBuilder(whole)
          .directory(directory.toFile())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + command.get(0), e);
    }
  }

  private void signal(String signal) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(server.pid()))
          .start()
          .waitFor(); // whether it took effect is seen at the server
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean await(Process process, Duration atMost) {
    try {
      return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }

  private Path data() {
    return directory.resolve("data");
  }

  private Path logFile() {
    return directory.resolve("log");
  }

  private String log() {
    try {
      var text = Files.readString(logFile());
      return text.substring(Math.max(0, text.length() - 2_000));
    } catch (IOException e) {
      return "its log cannot be read: " + e.getMessage();
    }
  }

  private String program(String name) {
    return programs.resolve(name).toString();
  }

  /** The programs of the newest version that is here. */
  private static Optional<Path> programs() {
    if (!Files.isDirectory(VERSIONS)) return Optional.empty();
    try (var versions = Files.list(VERSIONS)) {
      return versions
          .map(v -> v.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .max(Comparator.comparing(Path::toString));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private static void remove(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
            Files.deleteIfExists(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
