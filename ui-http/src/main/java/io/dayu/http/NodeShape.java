package io.dayu.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.Work;
import io.dayu.facts.View;
import io.dayu.settings.HostPort;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * A node as JSON.
 *
 * @param status {@code up}, or {@code silent} when its latest report is too old to be trusted
 * @param cpu 0 to 1
 * @param memory 0 to 1
 * @param problem what is wrong with the node itself, if something is
 * @param budgets none where the node runs an earlier release
 */
record NodeShape(
    String name,
    String role,
    String site,
    String status,
    double cpu,
    double memory,
    long reportAgeMs,
    int cores,
    double load,
    long memoryBytes,
    long rssBytes,
    double receivedPerSecond,
    double sentPerSecond,
    OptionalDouble celsius,
    String data,
    Set<String> stageTypes,
    List<Stage> stages,
    List<LinkReport> links,
    List<String> streams,
    Optional<String> problem,
    List<Budget> budgets) {
  record Budget(String part, long usedBytes, long limitBytes) {}

  record Stage(
      String type,
      String pipeline,
      String stage,
      String state,
      @JsonUnwrapped Work work,
      long restarts,
      Optional<String> problem) {
    static Stage of(StageReport s) {
      return new Stage(
          s.type(), s.pipeline(), s.stage(), word(s.state()), s.work(), s.restarts(), s.problem());
    }
  }

  static NodeShape of(View.Seen seen, Instant now, Duration silentAfter) {
    NodeReport r = seen.report();
    var resources = r.resources();
    return new NodeShape(
        r.node(),
        word(r.role()),
        r.self().site(),
        silent(seen, now, silentAfter) ? "silent" : "up",
        resources.cpu(),
        resources.memory(),
        ageMs(seen.receivedAt(), now),
        resources.cores(),
        resources.load(),
        resources.memoryBytes(),
        resources.rssBytes(),
        resources.receivedPerSecond(),
        resources.sentPerSecond(),
        resources.celsius(),
        HostPort.text(r.self().host(), r.self().dataPort()),
        r.stageTypes(),
        r.stages().stream().map(Stage::of).toList(),
        r.links(),
        r.streams().stream().map(s -> s.stream().toString()).toList(),
        r.problem(),
        r.budgets().stream().map(b -> new Budget(b.part(), b.used(), b.limit())).toList());
  }

  static boolean silent(View.Seen seen, Instant now, Duration silentAfter) {
    return ageMs(seen.receivedAt(), now) > silentAfter.toMillis();
  }

  /** Both times are this node's; a clock set back does not make an age negative. */
  static long ageMs(Instant receivedAt, Instant now) {
    return Math.max(0, Duration.between(receivedAt, now).toMillis());
  }

  /** An enumeration's constant as the API says it: {@code source-down}. */
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
