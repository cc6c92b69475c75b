package io.dayu.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of the command line in this process. */
record Cli(int code, String out, String err) {
  static Cli run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Dayu.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
    return new Cli(code, out.toString(), err.toString());
  }
}
