package io.dayu.bench.reliability;

import io.dayu.bench.chaos.Fault;
import java.time.Duration;
import java.time.Instant;

/** A node that works for a stream read elsewhere is killed under load. */
final class KilledProcessor implements Scenario {
  private static final Duration LIMIT = Duration.ofSeconds(3);

  @Override
  public String word() {
    return "kill-processor";
  }

  @Override
  public String fault() {
    return "`kill -9` of a processor's node under load";
  }

  @Override
  public String promise() {
    return "0 lost, 0 duplicates; first element over the new route ≤ 3 s after the kill";
  }

  @Override
  public Fault.Need need() {
    return Fault.Need.NOTHING;
  }

  @Override
  public Seen run(Context context) {
    return Course.run(
        context,
        false,
        false,
        Duration.ofSeconds(10),
        course -> {
          var killed = Instant.now();
          course.rig().kill(Course.OTHER);
          // What was on its way through the dead node is sent again; at some moments nothing is.
          var round =
              course.first(
                  "what goes another way",
                  killed,
                  a ->
                      a.at().isAfter(killed)
                          && (a.attempt() > 1 || a.createdAt().isAfter(killed))
                          && !a.nodes().contains(Course.OTHER));
          course.pass("flowing on the new route", Duration.ofSeconds(5));
          var gap = course.arrivals().longestGap(killed, Instant.now());
          var rows = course.stored();
          return Seen.of(
              "first element over the new route after %d ms, longest gap %d ms"
                  .formatted(round.toMillis(), gap.toMillis()),
              round.compareTo(LIMIT) <= 0 && gap.compareTo(LIMIT) <= 0,
              course.verdict(rows));
        });
  }
}
