package io.dayu.bench.compare;

import io.dayu.console.UserException;
import io.dayu.local.ChildProcess;
import java.util.List;
import java.util.Optional;

/**
 * What an engine's last process said last: how much has come to its end there.
 *
 * @param atMs by the machine's clock
 * @param count elements since the start
 */
record Meter(long atMs, long count, Latency latency) {
  /** More lines than an engine writes between two of them. */
  private static final int LINES = 200;

  /** Empty before it said anything. */
  static Optional<Meter> of(ChildProcess process) {
    return of(process.tail(LINES));
  }

  static Optional<Meter> of(List<String> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      var words = lines.get(i).split(" ");
      if (words.length == 5 && words[0].equals("METER"))
        return Optional.of(
            new Meter(
                Long.parseLong(words[1]),
                Long.parseLong(words[2]),
                new Latency(Double.parseDouble(words[3]), Double.parseDouble(words[4]))));
    }
    return Optional.empty();
  }

  static Meter last(ChildProcess process) {
    return of(process)
        .orElseThrow(() -> new UserException(process.name() + " does not say what it has done"));
  }

  /** Elements a second since an earlier one. */
  double rateSince(Meter earlier) {
    return (count - earlier.count) * 1e3 / (atMs - earlier.atMs);
  }
}
