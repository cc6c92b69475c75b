package io.dayu.service;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a program writes, line by line in the node's log: lines are cut, and more than some a second
 * are counted instead. It is read as fast as it comes, so that the program never waits for its log.
 */
final class ProgramLog {
  static final int LONGEST = 2 << 10;
  static final int A_SECOND = 100;

  private static final Logger LOG = LoggerFactory.getLogger(ProgramLog.class);
  private static final long SECOND = 1_000_000_000;

  private final Consumer<String> log;
  private final LongSupplier nanos;
  private final byte[] line = new byte[LONGEST];
  private int length;
  private boolean cut;
  private long secondBegan;
  private int inSecond;
  private long leftOut;

  /**
   * @param log takes whole lines
   * @param nanos a clock as {@link System#nanoTime}
   */
  ProgramLog(Consumer<String> log, LongSupplier nanos) {
    this.log = log;
    this.nanos = nanos;
    this.secondBegan = nanos.getAsLong();
  }

  /** Reads until the end, on a thread of its own. */
  static void follow(String name, InputStream output) {
    var log = new ProgramLog(line -> LOG.info("service {}: {}", name, line), System::nanoTime);
    var thread = new Thread(() -> log.read(output), "service-log-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  void read(InputStream output) {
    var bytes = new byte[8 << 10];
    try (output) {
      for (int n = output.read(bytes); n >= 0; n = output.read(bytes)) take(bytes, n);
    } catch (IOException gone) {
      // The program has.
    }
    if (length > 0) line();
    tellLeftOut();
  }

  private void take(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      if (bytes[i] == '\n') line();
      else if (length < LONGEST) line[length++] = bytes[i];
      else cut = true;
    }
  }

  private void line() {
    long now = nanos.getAsLong();
    if (now - secondBegan >= SECOND) {
      tellLeftOut();
      secondBegan = now;
      inSecond = 0;
    }
    if (++inSecond > A_SECOND) leftOut++;
    else log.accept(text());
    length = 0;
    cut = false;
  }

  /** Control characters could play tricks on terminals. */
  private String text() {
    var text = new String(line, 0, length, StandardCharsets.UTF_8).stripTrailing();
    return text.replaceAll("\\p{Cntrl}", " ") + (cut ? "…" : "");
  }

  private void tellLeftOut() {
    if (leftOut > 0) log.accept("(%s more lines in a second are left out)".formatted(leftOut));
    leftOut = 0;
  }
}
