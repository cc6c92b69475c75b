package io.dayu.bench.abuse;

import io.dayu.bench.chaos.Arrivals;
import io.dayu.bench.truth.Verdict;
import io.dayu.console.Progress;
import io.dayu.console.Units;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/**
 * One run: starts nodes with honest pipelines, attacks them one way after the other, and looks
 * after each whether they live, answer and deliver.
 */
final class AbuseRun {
  /**
   * @param duration for how long, at least once each
   * @param attacks what is done, in an order that is drawn
   */
  record Settings(long seed, Duration duration, List<Attack> attacks) {
    Settings {
      attacks = List.copyOf(attacks);
    }

    /** How long each one goes on: a good part of its share, so that all have their turn. */
    private Duration lasting() {
      var share = duration.dividedBy(3L * attacks.size());
      return longer(SHORTEST, LONGEST.compareTo(share) < 0 ? LONGEST : share);
    }

    /** For how long the honest pipelines must have something to read. */
    private Duration reading() {
      return longer(duration, lasting().plus(TURN).multipliedBy(attacks.size())).plus(TURN);
    }
  }

  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(5);

  /** About what a turn takes besides, with the look after it. */
  private static final Duration TURN = Duration.ofSeconds(3);

  /** How long honest pipelines may be without a result after an attack, and a node silent. */
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private static final Duration SETTLE = Duration.ofMinutes(2);

  private record Totals(int times, long inputs, Duration longestGap) {}

  private final Home home;
  private final Settings settings;
  private final Progress progress;
  private final TreeMap<String, Totals> totals = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();
  private int lost;
  private int silent;

  AbuseRun(Home home, Settings settings, Progress progress) {
    this.home = home;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Runs it to the end, when all processes are gone. Logs and data stay only if a promise was not
   * kept.
   *
   * @throws UserException if the nodes do not start, or nothing flows
   */
  AbuseReport run() {
    var random = new Random(settings.seed());
    try (var victims = Victims.start(home, settings.reading(), random, progress)) {
      try {
        var report = run(victims, random);
        if (!report.kept()) keep(victims);
        return report;
      } catch (RuntimeException | IOException e) {
        keep(victims);
        throw e instanceof RuntimeException r ? r : new UserException(String.valueOf(e), e);
      } finally {
        progress.now("stopping …");
      }
    } finally {
      progress.now("");
    }
  }

  private void keep(Victims victims) {
    victims.keep();
    progress.line("Logs and data are kept in " + victims.directory());
  }

  private AbuseReport run(Victims victims, Random random) throws IOException {
    var began = Instant.now();
    progress.line("Seed %s: %s attacks".formatted(settings.seed(), settings.attacks().size()));
    var arrivals = new ArrayList<Arrivals>();
    for (var load : victims.loads()) arrivals.add(Arrivals.of(List.of(victims.api()), load.name()));
    try {
      var deck = new ArrayList<Attack>();
      boolean all = false;
      while (lost == 0 && (!all || Instant.now().isBefore(began.plus(settings.duration())))) {
        if (deck.isEmpty()) {
          deck.addAll(settings.attacks());
          Collections.shuffle(deck, random);
        }
        attack(victims, deck.remove(deck.size() - 1), new Random(random.nextLong()), arrivals);
        all |= deck.isEmpty();
      }
      return report(victims, Duration.between(began, Instant.now()));
    } finally {
      arrivals.forEach(Arrivals::close);
    }
  }

  private void attack(Victims victims, Attack attack, Random random, List<Arrivals> arrivals) {
    progress.now(attack.word() + " …");
    var attempt = new Attempt(victims, random, settings.lasting());
    var began = Instant.now();
    try {
      attack.action().run(attempt);
    } catch (IOException | UserException e) {
      problems.add("%s: %s".formatted(attack.word(), e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
    look(victims, attack);
    var gap = Duration.ZERO;
    for (var one : arrivals) gap = longer(gap, one.longestGap(began, Instant.now()).orElse(gap));
    var before = totals.getOrDefault(attack.word(), new Totals(0, 0, Duration.ZERO));
    totals.put(
        attack.word(),
        new Totals(
            before.times() + 1,
            before.inputs() + attempt.inputs(),
            longer(before.longestGap(), gap)));
    progress.line(
        "  %-20s %8s inputs, longest gap %s"
            .formatted(attack.word(), attempt.inputs(), Units.millis(gap.toMillis())));
  }

  /** Whether all nodes live, answer and deliver after an attack. */
  private void look(Victims victims, Attack attack) {
    var died = victims.dead();
    if (died.isPresent()) {
      lost++;
      problems.add("%s: %s".formatted(attack.word(), died.get().getMessage()));
      return;
    }
    try {
      var waiting = victims.waiting();
      waiting.until("removing hostile pipelines", RECOVERY, () -> victims.clear() == 0);
      waiting.until("waiting for reports of all nodes", RECOVERY, () -> victims.silent().isEmpty());
      long before = victims.delivered();
      waiting.until(
          "waiting for results", RECOVERY, () -> victims.delivered() > before || victims.settled());
      search(victims);
    } catch (UserException e) {
      if (victims.dead().isPresent()) lost++;
      else silent++;
      problems.add("%s: %s".formatted(attack.word(), e.getMessage()));
    }
  }

  /** What anybody may see who may read. */
  private static void search(Victims victims) {
    for (var path : List.of("nodes", "pipelines", "stages", "sources", "/metrics"))
      victims.secrets().search(path, victims.api().bytes(path));
  }

  private AbuseReport report(Victims victims, Duration took) throws IOException {
    var verdict = Verdict.NONE;
    long forged = 0;
    if (lost == 0)
      try {
        victims
            .waiting()
            .until(
                "waiting until all is settled", SETTLE.plus(settings.reading()), victims::settled);
        verdict = victims.verdict();
        // What was not given and stands in the store all the same, and what was not made by stages.
        forged =
            Math.max(0, verdict.stored() - verdict.given())
                + verdict.corrupted()
                + victims.forged();
      } catch (UserException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    victims.secrets().searchLogs(victims.directory());
    problems.addAll(victims.secrets().leaks());
    var done = new ArrayList<AbuseReport.Done>();
    for (var attack : settings.attacks()) {
      var total = totals.get(attack.word());
      if (total != null)
        done.add(new AbuseReport.Done(attack, total.times(), total.inputs(), total.longestGap()));
    }
    return new AbuseReport(
        settings.seed(),
        took,
        done,
        lost,
        silent,
        forged,
        victims.secrets().bytes(),
        verdict,
        problems);
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
