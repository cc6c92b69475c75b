package io.dayu.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToIntBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program on its standard output. The first write that fails ends the program, as the signal
 * SIGPIPE ends other ones: {@link PrintWriter} and {@link java.io.PrintStream} alone would go on
 * for ever without a reader, and a full disk would pass for success.
 */
public final class StandardOutput {
  /** What a shell reports of a program that SIGPIPE has ended. */
  static final int BROKEN_PIPE = 141;

  private StandardOutput() {}

  /**
   * A write has failed. An error and no exception, because nobody but {@link #run} is to handle it:
   * picocli prints a stack trace for exceptions.
   */
  private static final class OutputError extends Error {
    private static final long serialVersionUID = 1L;

    OutputError(IOException cause) {
      super("cannot write the output: " + cause.getMessage(), cause);
    }
  }

  /** Whether an exception was thrown because a write has failed, which {@link #run} tells of. */
  public static boolean hasFailed(Throwable error) {
    for (@Nullable Throwable cause = error; cause != null; cause = cause.getCause())
      if (cause instanceof OutputError) return true;
    return false;
  }

  /**
   * Runs a program to its end.
   *
   * @param program gets standard output and standard error, both in UTF-8, and gives its exit code
   * @return this exit code; 141 without a word if nobody reads the output any more, and 1 with the
   *     reason on standard error if it cannot be written
   */
  public static int run(ToIntBiFunction<PrintWriter, PrintWriter> program) {
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    return run(program, new FileOutputStream(FileDescriptor.out), isPipe(), err);
  }

  static int run(
      ToIntBiFunction<PrintWriter, PrintWriter> program,
      OutputStream target,
      boolean pipe,
      PrintWriter err) {
    var output = new Checked(target);
    var code = 1;
    try {
      var out = new PrintWriter(output, true, StandardCharsets.UTF_8);
      code = program.applyAsInt(out, err);
      out.flush();
    } catch (OutputError e) {
      // It is in the output.
    }
    if (output.failure == null) return code;
    if (pipe) return BROKEN_PIPE;
    err.println(output.failure.getMessage());
    return 1;
  }

  /** Whether somebody else reads the output, who may end. */
  private static boolean isPipe() {
    try {
      var target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException | UnsupportedOperationException notLinux) {
      return false;
    }
  }

  /** Throws for every write after one that has failed. */
  private static final class Checked extends OutputStream {
    private final OutputStream target;
    private volatile @Nullable OutputError failure;

    Checked(OutputStream target) {
      this.target = target;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      var before = failure;
      if (before != null) throw before;
      try {
        target.write(bytes, from, length);
      } catch (IOException e) {
        var failed = new OutputError(e);
        failure = failed;
        throw failed;
      }
    }
  }
}
