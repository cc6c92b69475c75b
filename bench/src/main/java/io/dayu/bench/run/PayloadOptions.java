package io.dayu.bench.run;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What elements carry. */
public final class PayloadOptions {
  private static final int LARGEST = 16 << 20;
  private static final List<Integer> USUAL = List.of(1 << 10, 64 << 10, 1 << 20);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--payload",
      paramLabel = "BYTES",
      split = ",",
      description =
          "Payload of an element, or several with commas between them"
              + " (default 1024, 65536 and 1048576, one after the other).")
  private List<Integer> bytes = List.of();

  /**
   * In the order they were given.
   *
   * @throws ParameterException if one cannot be measured
   */
  public List<Integer> payloads() {
    for (int b : bytes)
      if (b < 1 || b > LARGEST)
        throw new ParameterException(
            spec.commandLine(), "--payload must be 1 to %s bytes, not %s".formatted(LARGEST, b));
    return bytes.isEmpty() ? USUAL : List.copyOf(bytes);
  }
}
