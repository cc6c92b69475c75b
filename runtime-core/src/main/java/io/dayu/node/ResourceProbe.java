package io.dayu.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The counters of this machine and process, out of the files of Linux. What has no file, as on
 * another system, counts as nothing. Safe for any thread.
 *
 * <p>A library for it (OSHI) cost a node 5 MB of memory and a tenth of a second at its start: it
 * unpacks and loads native code.
 */
final class ResourceProbe implements Supplier<ResourceSampler.Counters> {
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final Pattern SEPARATORS = Pattern.compile("[:\\s]+");

  /** Of the fields of a line {@code cpu}: those behind it are parts of the first. */
  private static final int KINDS_OF_TICKS = 8;

  private static final int IDLE = 4;
  private static final int WAITING_FOR_DISKS = 5;

  /** The fields of a process behind its name, in ticks of 10 ms on every processor. */
  private static final int USER_TIME = 12;

  private static final int KERNEL_TIME = 13;
  private static final int TICK_MS = 10;

  private static final int RECEIVED = 1;
  private static final int SENT = 9;

  private final Path proc;
  private final Temperature temperature;

  ResourceProbe() {
    this(Path.of("/"));
  }

  /** Of the files below another root. */
  ResourceProbe(Path root) {
    this.proc = root.resolve("proc");
    this.temperature = Temperature.find(root.resolve("sys/class"));
  }

  @Override
  public ResourceSampler.Counters get() {
    long total = 0;
    long idle = 0;
    int cores = 0;
    for (var line : read("stat").split("\n", -1)) {
      if (!line.startsWith("cpu")) continue;
      var fields = SPACE.split(line);
      if (!fields[0].equals("cpu")) {
        cores++;
        continue;
      }
      for (int kind = 1; kind <= KINDS_OF_TICKS; kind++) total += number(fields, kind);
      idle = number(fields, IDLE) + number(fields, WAITING_FOR_DISKS);
    }
    var network = read("net/dev").split("\n", -1);
    return new ResourceSampler.Counters(
        total - idle,
        total,
        loadPerCore(cores),
        processMs(),
        kibibytes("meminfo", "MemTotal"),
        kibibytes("meminfo", "MemAvailable"),
        kibibytes("self/status", "VmRSS"),
        sum(network, RECEIVED),
        sum(network, SENT),
        temperature.celsius());
  }

  private double loadPerCore(int cores) {
    var fields = SPACE.split(read("loadavg"));
    return cores == 0 || fields[0].isEmpty() ? -1 : Double.parseDouble(fields[0]) / cores;
  }

  private long processMs() {
    var stat = read("self/stat");
    // A name may have spaces and parentheses.
    var fields = SPACE.split(stat.substring(stat.lastIndexOf(')') + 1));
    return (number(fields, USER_TIME) + number(fields, KERNEL_TIME)) * TICK_MS;
  }

  private long kibibytes(String file, String key) {
    return read(file)
        .lines()
        .filter(line -> line.startsWith(key + ":"))
        .mapToLong(line -> number(SEPARATORS.split(line), 1) << 10)
        .sum();
  }

  /** Of all interfaces but loopback. */
  private static long sum(String[] lines, int field) {
    long sum = 0;
    for (var line : lines) {
      var fields = SEPARATORS.split(line.strip());
      if (fields.length > SENT && line.contains(":") && !fields[0].equals("lo"))
        sum += number(fields, field);
    }
    return sum;
  }

  private static long number(String[] fields, int index) {
    return index < fields.length ? Long.parseLong(fields[index]) : 0;
  }

  private String read(String file) {
    try {
      return Files.readString(proc.resolve(file));
    } catch (IOException e) {
      return "";
    }
  }
}
