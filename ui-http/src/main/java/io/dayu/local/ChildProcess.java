package io.dayu.local;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** A process of ours whose output goes to a log file. A node bounds its own. */
public final class ChildProcess implements AutoCloseable {
  /** How long a process may take to end after SIGTERM. */
  public static final Duration GRACE = Duration.ofSeconds(10);

  private final String name;
  private final Process process;
  private final Path log;
  private final long begin; // of its own lines in the log; earlier runs have written before

  private ChildProcess(String name, Process process, Path log, long begin) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.begin = begin;
  }

  /**
   * Starts a command in a directory, with an empty standard input.
   *
   * @throws UserException if it cannot be started
   */
  public static ChildProcess start(
      String name, List<String> command, Map<String, String> environment, Path dir, Path log) {
    try {
      Files.createDirectories(dir);
      var builder =
          new ProcessBuilder(command)
              .directory(dir.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().putAll(environment);
      long begin = Files.exists(log) ? Files.size(log) : 0;
      return new ChildProcess(name, builder.start(), log, begin);
    } catch (IOException e) {
      throw new UserException("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  public String name() {
    return name;
  }

  public long pid() {
    return process.pid();
  }

  public boolean alive() {
    return process.isAlive();
  }

  public Path log() {
    return log;
  }

  /** The last lines that it wrote to its log; those of earlier runs are not among them. */
  public List<String> tail(int lines) {
    var last = new ArrayDeque<String>();
    try (var in = Files.newInputStream(log)) {
      // A log that is shorter was emptied since, because it was too long.
      if (begin <= Files.size(log)) in.skipNBytes(begin);
      // A log may hold anything; what is not UTF-8 is shown as such and never an error.
      var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      text.lines()
          .forEach(
              line -> {
                last.add(line);
                if (last.size() > lines) last.remove();
              });
    } catch (IOException e) {
      last.add("(its log cannot be read: " + e.getMessage() + ")");
    }
    return List.copyOf(last);
  }

  /** Resident memory, where the platform tells it and the process lives. */
  public OptionalLong rssBytes() {
    try (var lines = Files.lines(Path.of("/proc/" + pid() + "/status"))) {
      return lines
          .filter(l -> l.startsWith("VmRSS:"))
          .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException | java.io.UncheckedIOException gone) {
      return OptionalLong.empty();
    }
  }

  /** Waits for its end; false if it still runs. */
  @CanIgnoreReturnValue
  public boolean await(Duration atMost) {
    try {
      return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }

  /** Sends SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** Sends SIGKILL and waits for the end. */
  public void kill() {
    process.destroyForcibly();
    await(GRACE); // the system may be unable to end it now, as during a read of a broken disk
  }

  /** Sends SIGSTOP: the process freezes. */
  public void freeze() {
    signal("STOP");
  }

  /** Sends SIGCONT: a frozen process goes on. */
  public void thaw() {
    signal("CONT");
  }

  private void signal(String signal) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + signal, Long.toString(pid()))
              .inheritIO()
              .start()
              .waitFor();
      if (code != 0) throw new UserException("kill -" + signal + " of " + name + " failed");
    } catch (IOException e) {
      throw new UserException("cannot signal " + name + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Why it ended, with the end of its log. */
  public UserException died() {
    int code = process.exitValue();
    // A JVM or shell that a signal ended reports 128 + signal.
    var how = code > 128 ? "by signal " + (code - 128) : "exit code " + code;
    return new UserException("%s ended unexpectedly, %s; %s".formatted(name, how, endOfLog()));
  }

  String endOfLog() {
    var lines = new StringBuilder("the end of its log ").append(log).append(':');
    tail(20).forEach(line -> lines.append(System.lineSeparator()).append("  | ").append(line));
    return lines.toString();
  }

  /** Ends it: SIGTERM, and SIGKILL after {@link #GRACE}. */
  @Override
  public void close() {
    terminate();
    if (!await(GRACE)) kill();
  }
}
