package io.dayu.cli;

import static io.dayu.client.ApiClient.path;

import io.dayu.console.Table;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Answers why a stage runs where it does. */
@Command(
    name = "why",
    mixinStandardHelpOptions = true,
    description = "Where a stage runs, since when and why, and where it was before.")
final class WhyCommand implements Callable<Integer> {
  @Mixin private ApiOptions api;

  @Parameters(index = "0", paramLabel = "PIPELINE")
  private String pipeline;

  @Parameters(index = "1", paramLabel = "STAGE")
  private String stage;

  @Override
  public Integer call() {
    var answer = api.client().get(path("pipelines", pipeline, "decisions") + "?limit=1000");
    if (api.json()) {
      api.print(answer);
      return 0;
    }
    var streams = Placement.byStream(answer.path("items"));
    if (streams.isEmpty())
      throw new UserException(
          "nothing has been decided for pipeline %s yet; dayu pipeline show %s tells its state"
              .formatted(pipeline, pipeline));
    var stages = new TreeSet<String>();
    streams.values().forEach(d -> stages.addAll(latest(d).where().keySet()));
    if (!stages.contains(stage))
      throw new UserException(
          "pipeline %s has no stage %s; its stages: %s"
              .formatted(pipeline, stage, String.join(", ", stages)));
    var now = Instant.now();
    streams.values().stream()
        .filter(d -> latest(d).where().containsKey(stage))
        .forEach(d -> explain(d, now));
    api.out().flush();
    return 0;
  }

  private static Placement latest(List<Placement> decisions) {
    return decisions.get(decisions.size() - 1);
  }

  private void explain(List<Placement> decisions, Instant now) {
    var latest = latest(decisions);
    var since = Placement.since(decisions, stage);
    var out = api.out();
    out.printf(
        "%s of %s runs on %s since %s%s%n",
        stage,
        latest.stream(),
        latest.where().get(stage),
        Times.local(since.at()),
        ago(since, now));
    out.printf("  because (decision %s): %s%n", since.version(), since.reason());
    if (latest.version() != since.version())
      out.printf("  stayed there (decision %s): %s%n", latest.version(), latest.reason());
    var before = Table.of("WHEN", ">DECISION", "WHERE", "REASON");
    var earlier = new ArrayList<>(decisions.subList(0, decisions.indexOf(since)));
    Collections.reverse(earlier);
    for (int i = 0; i < earlier.size(); i++) {
      var where = earlier.get(i).where().get(stage);
      var older = i + 1 < earlier.size() ? earlier.get(i + 1).where().get(stage) : null;
      // Several decisions in a row may have kept it there; the first one says why it went there.
      if (where == null || where.equals(older)) continue;
      before.row(
          Times.local(earlier.get(i).at()),
          earlier.get(i).version(),
          where,
          earlier.get(i).reason());
    }
    if (!before.isEmpty()) out.printf("  before:%n%s", before.render("    "));
  }

  private static String ago(Placement since, Instant now) {
    try {
      long ms = Math.max(0, Duration.between(Instant.parse(since.at()), now).toMillis());
      return " (" + Units.millis(ms) + " ago)";
    } catch (DateTimeParseException e) {
      return "";
    }
  }
}
