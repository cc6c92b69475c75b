package io.dayu.bench.run;

import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * CPU time of a JVM's threads, those of its collector and compilers among them, as its {@code jcmd}
 * tells it. Threads whose names differ in numbers only are one group.
 */
public final class ThreadTimes {
  private static final Pattern LINE = Pattern.compile("\"(.*)\" .*\\bcpu=([0-9.]+)ms .*");
  private static final Pattern NUMBER = Pattern.compile("[-# ]*\\d+$");

  private ThreadTimes() {}

  /**
   * Seconds used so far, by group. All threads of the process stop for some milliseconds.
   *
   * @throws UserException if it cannot be asked
   */
  public static Map<String, Double> of(ChildProcess process) {
    var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      var asked =
          new ProcessBuilder(jcmd, Long.toString(process.pid()), "Thread.print")
              .redirectErrorStream(true)
              .start();
      asked.getOutputStream().close();
      var text = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (asked.waitFor() != 0)
        throw new UserException(
            "%s does not tell the threads of %s: %s".formatted(jcmd, process.name(), text.strip()));
      return parse(text);
    } catch (IOException e) {
      throw new UserException("cannot run " + jcmd + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  static Map<String, Double> parse(String print) {
    var seconds = new TreeMap<String, Double>();
    for (var line : print.lines().toList()) {
      var match = LINE.matcher(line);
      if (match.matches())
        seconds.merge(group(match.group(1)), Double.parseDouble(match.group(2)) / 1e3, Double::sum);
    }
    return seconds;
  }

  static String group(String name) {
    return NUMBER.matcher(name).replaceFirst("");
  }

  /**
   * Cores that each group kept busy from one look to another, the busiest first. A thread that has
   * ended in between is missing, so a group may come out too low, but not below 0.
   */
  public static Map<String, Double> cores(
      Map<String, Double> before, Map<String, Double> after, double seconds) {
    var cores = new LinkedHashMap<String, Double>();
    after.entrySet().stream()
        .map(e -> Map.entry(e.getKey(), e.getValue() - before.getOrDefault(e.getKey(), 0.0)))
        .filter(e -> e.getValue() > 0)
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .forEach(e -> cores.put(e.getKey(), e.getValue() / seconds));
    return cores;
  }
}
