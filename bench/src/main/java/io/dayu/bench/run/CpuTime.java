package io.dayu.bench.run;

import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import java.time.Duration;
import java.util.List;

/** CPU time of processes, as the operating system accounts for it (to about 10 ms). */
public final class CpuTime {
  private CpuTime() {}

  /** What these processes have used so far, together. */
  public static Duration of(List<ChildProcess> processes) {
    return processes.stream().map(CpuTime::of).reduce(Duration.ZERO, Duration::plus);
  }

  /** What the programs that a process has started have used so far, as far as they still run. */
  public static Duration ofPrograms(ChildProcess process) {
    return ProcessHandle.of(process.pid()).stream()
        .flatMap(ProcessHandle::descendants)
        .flatMap(program -> program.info().totalCpuDuration().stream())
        .reduce(Duration.ZERO, Duration::plus);
  }

  private static Duration of(ChildProcess process) {
    return ProcessHandle.of(process.pid())
        .flatMap(handle -> handle.info().totalCpuDuration())
        .orElseThrow(
            () ->
                new UserException(
                    "the CPU time of %s (pid %s) cannot be read"
                        .formatted(process.name(), process.pid())));
  }
}
