package io.dayu.service;

import io.dayu.link.Backoff;
import io.dayu.service.ServiceDeclaration.Program;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program that the node starts as a service, and starts again with back-off when it ends.
 *
 * <p>It runs below a shell in a process group of its own. The shell holds a pipe from the node:
 * when the pipe ends, because the node closes it or has been killed, the shell kills the whole
 * group, so that neither the program nor its children outlive the node. A child that makes a
 * process group of its own escapes that.
 *
 * <p>Safe for any thread.
 */
final class LocalProgram implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalProgram.class);

  /** Makes the shell the leader of a session, and so of a process group. */
  private static final Path SETSID = Path.of("/usr/bin/setsid");

  private static final Duration FIRST_RESTART = Duration.ofMillis(200);
  private static final Duration LONGEST_RESTART = Duration.ofSeconds(30);

  /** One that ran so long has started well; its next end counts as the first. */
  private static final Duration WELL = Duration.ofSeconds(30);

  /** How long a program may take to end after SIGTERM. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  /** After SIGKILL: the kernel needs a moment to take a process down. */
  private static final Duration KILLED = Duration.ofSeconds(5);

  /**
   * Arguments: the program's limit of memory in KiB or "unlimited", then its command. Reads names
   * of signals for the program, a line each; at the end of input it kills the group. Tells the
   * program's exit code on its error output, which the program does not share. The limit is one of
   * private writable memory (RLIMIT_DATA): address space, which runtimes reserve by the gigabyte,
   * says nothing.
   */
  private static final String SHELL =
      """
      exec 3<&0 4>&2 2>&1 0</dev/null
      limit=$1; shift
      ( [ "$limit" = unlimited ] || ulimit -d "$limit" || echo "its memory cannot be bounded here"
        exec "$@" 3<&- 4>&- ) &
      program=$!
      ( while read -r signal <&3; do kill -s "$signal" $program; done
        kill -s KILL -- ${group:-$program} ) 4>&- >/dev/null 2>&1 &
      watch=$!
      wait $program
      echo "$?" >&4
      kill -s KILL -- ${group:-$program}
      """;

  private final ServiceDeclaration declaration;
  private final Program program;
  private final Path directory;
  private final Optional<Path> socket;
  private final Service<?> service;
  private final ScheduledExecutorService timer;
  private final Backoff backoff = new Backoff(FIRST_RESTART, LONGEST_RESTART);

  // Guarded by this.
  private @Nullable Process process; // null while none runs
  private boolean closed;

  /**
   * @param directory in which it works; made if it is not there
   * @param socket where it may listen in place of the port; what is there is deleted before it
   *     starts
   * @param service is told where the program listens
   * @param timer runs short tasks only
   */
  LocalProgram(
      ServiceDeclaration declaration,
      Program program,
      Path directory,
      Optional<Path> socket,
      Service<?> service,
      ScheduledExecutorService timer) {
    this.declaration = declaration;
    this.program = program;
    this.directory = directory;
    this.socket = socket;
    this.service = service;
    this.timer = timer;
  }

  /** Starts it; returns at once where it cannot be started, and tries again later. */
  void start() {
    synchronized (this) {
      if (closed) return;
      try {
        Files.createDirectories(directory);
        if (socket.isPresent()) Files.deleteIfExists(socket.get());
        int port = freePort();
        long began = System.nanoTime();
        var started = builder(port).start();
        process = started;
        ProgramLog.follow(declaration.name(), started.getInputStream());
        LOG.info("service {} starts as process {} on port {}", name(), started.pid(), port);
        var unused = started.onExit().thenAccept(ended -> ended(ended, began));
        service.watch.at(URI.create("http://127.0.0.1:" + port + "/"));
        return;
      } catch (IOException e) {
        LOG.warn("service {} cannot be started: {}", name(), Causes.words(e));
      }
    }
    again("it cannot be started");
  }

  private String name() {
    return declaration.name();
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private ProcessBuilder builder(int port) {
    var command = new ArrayList<String>();
    boolean group = Files.isExecutable(SETSID);
    if (group) command.add(SETSID.toString());
    else LOG.warn("this system has no {}: children of service {} may outlive it", SETSID, name());
    command.addAll(
        List.of("/bin/sh", "-c", (group ? "group=-$$\n" : "group=\n") + SHELL, "service"));
    command.add(
        program.memory().isPresent()
            ? Long.toString(program.memory().getAsLong() / 1024)
            : "unlimited");
    command.addAll(program.command());
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    var environment = builder.environment();
    environment.keySet().removeIf(LocalProgram::isSecret);
    environment.putAll(program.environment());
    environment.put("DAYU_SERVICE_PORT", Integer.toString(port));
    socket.ifPresent(file -> environment.put("DAYU_SERVICE_SOCKET", file.toString()));
    environment.put("DAYU_SERVICE_NAME", name());
    environment.put("DAYU_SERVICE_TRANSPORT", declaration.transport().word());
    environment.put(
        "DAYU_SERVICE_PARALLELISM", Integer.toString(declaration.parallelism().orElse(1)));
    return builder;
  }

  /** What the node is configured with, passwords among it, is none of a program's business. */
  private static boolean isSecret(String variable) {
    return variable.startsWith("DAYU_");
  }

  private void ended(Process ended, long began) {
    boolean expected;
    synchronized (this) {
      expected = closed;
      if (process == ended) process = null;
    }
    // The shell may have been killed alone; the end of its input ends the rest.
    closeQuietly(ended.getOutputStream());
    if (expected) return;
    if (System.nanoTime() - began > WELL.toNanos()) backoff.reset();
    var why = "its program ended, " + exit(ended);
    LOG.warn("service {}: {}; it is started again", name(), why);
    again(why);
  }

  private static String exit(Process ended) {
    try (var told = ended.getErrorStream()) {
      var code = new String(told.readNBytes(16), StandardCharsets.UTF_8).strip();
      if (code.matches("\\d{1,3}")) {
        int exit = Integer.parseInt(code);
        return exit > 128 ? "by signal " + (exit - 128) : "exit code " + exit;
      }
    } catch (IOException gone) {
      // Then nobody knows.
    }
    return "by a signal to its group";
  }

  private void again(String why) {
    service.watch.gone(why);
    Duration wait;
    synchronized (this) {
      if (closed) return;
      wait = backoff.next();
    }
    var unused = timer.schedule(this::start, wait.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void closeQuietly(OutputStream stream) {
    try {
      stream.close();
    } catch (IOException ended) {
      // Its reader has gone, which is what was wanted.
    }
  }

  /** Ends the program and its children: SIGTERM to the program, SIGKILL to all after a while. */
  @Override
  public void close() {
    Process running;
    synchronized (this) {
      closed = true;
      running = process;
    }
    if (running == null) return;
    var pipe = running.getOutputStream();
    try {
      pipe.write("TERM\n".getBytes(StandardCharsets.UTF_8));
      pipe.flush();
      if (!running.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS))
        LOG.warn("service {} ignores SIGTERM and is killed", name());
    } catch (IOException ended) {
      // It ends already.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeQuietly(pipe);
    try {
      if (!running.waitFor(KILLED.toMillis(), TimeUnit.MILLISECONDS)) running.destroyForcibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
