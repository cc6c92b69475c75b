package io.dayu.console;

import java.io.PrintWriter;

/**
 * Tells a person what is going on: lines that stay, and one line that is overwritten on a terminal
 * and left out elsewhere. Safe for several threads.
 */
public interface Progress {
  /** A line that stays. */
  void line(String text);

  /** What is happening now, until the next call. */
  void now(String text);

  /** Tells nobody. */
  static Progress silent() {
    return new Progress() {
      @Override
      public void line(String text) {}

      @Override
      public void now(String text) {}
    };
  }

  /** Whether standard output is a terminal; the launcher knows, a JVM before 22 does not. */
  static boolean onTerminal() {
    return Boolean.getBoolean("dayu.tty");
  }

  static Progress to(PrintWriter out, boolean terminal) {
    return new Progress() {
      private boolean shown;

      @Override
      public synchronized void line(String text) {
        clear();
        out.println(text);
        out.flush();
      }

      @Override
      public synchronized void now(String text) {
        if (!terminal) return;
        clear();
        out.print(text);
        out.flush();
        shown = true;
      }

      private void clear() {
        if (shown) out.print("\r\033[K");
        shown = false;
      }
    };
  }
}
