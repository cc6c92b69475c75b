package io.dayu.node;

import io.dayu.disk.WholeFile;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the runs of a node have ended, and what people are to know of it, in {@code
 * <data-dir>/run.properties}: a node that dies soon after each start may be killed by what it kept.
 * A run that was not stopped has died, of whatever: a full heap and a signal leave nobody time to
 * write. Safe for any thread.
 */
public final class LastRun {
  /** A node that has died so often in a row, each time early, does not begin with what it kept. */
  static final int TOO_OFTEN = 3;

  /** A run that lasts as long was not ended by what the node kept. */
  public static final Duration WELL_AFTER = Duration.ofMinutes(1);

  /** So long a run tells how the last one died. */
  public static final Duration TOLD_FOR = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(LastRun.class);
  private static final String FILE = "run.properties";
  private static final String DEATHS = "early-deaths";
  private static final String STATE = "state";
  private static final String REASON = "reason";
  private static final String BEGAN = "began";
  private static final String ENDED = "ended";
  private static final String WITHOUT = "began-without";
  private static final String UNTOLD =
      "it was not stopped: killed, out of memory, or the machine went down";

  private enum State {
    /** Not yet well. */
    STARTED,
    WELL,
    STOPPED,
    DIED
  }

  private final Path file;
  private final Clock clock;
  private final String began;
  private final int earlyDeaths;
  private final String reason;
  private final Optional<String> without; // why it does not begin with what it kept
  private volatile Optional<String> told;
  private boolean well; // guarded by this, as the next one
  private boolean ended;
  private boolean old;
  private volatile boolean heardCloud;

  private LastRun(Path file, Clock clock, Properties before) {
    this.file = file;
    this.clock = clock;
    this.began = clock.instant().toString();
    var state = before.getProperty(STATE, "");
    boolean early = state.equals(State.STARTED.name()) || state.equals(State.DIED.name());
    this.earlyDeaths = early ? number(before.getProperty(DEATHS, "")) + 1 : 0;
    this.reason = before.getProperty(REASON, UNTOLD);
    this.without =
        tooManyDeaths()
            .map(why -> "it began without the pipelines that it had kept, since " + why)
            .or(() -> Optional.ofNullable(before.getProperty(WITHOUT)));
    var death =
        early || state.equals(State.WELL.name())
            ? Optional.of(death(before))
            : Optional.<String>empty();
    this.told =
        death.map(last -> without.map(why -> last + "; " + why).orElse(last)).or(() -> without);
  }

  private String death(Properties before) {
    return "its run that began at %s died%s%s: %s"
        .formatted(
            before.getProperty(BEGAN, "an unknown time"),
            before.containsKey(ENDED) ? " at " + before.getProperty(ENDED) : "",
            earlyDeaths == 0
                ? ""
                : ", number %s in a row within %s s of the start"
                    .formatted(earlyDeaths, WELL_AFTER.toSeconds()),
            reason);
  }

  /** Notes that the node begins; the data directory must be this process' own. Blocks. */
  public static LastRun begin(Path dataDir, Clock clock) {
    var file = dataDir.resolve(FILE);
    var run = new LastRun(file, clock, read(file));
    run.write(State.STARTED, Optional.empty());
    return run;
  }

  /** If the node has died early too often: what happened, for people. */
  public Optional<String> tooManyDeaths() {
    return earlyDeaths < TOO_OFTEN
        ? Optional.empty()
        : Optional.of(
            "this node has died %s times in a row within %s s of its start (the last time: %s)"
                .formatted(earlyDeaths, WELL_AFTER.toSeconds(), reason));
  }

  /** Whether the last run died within {@link #WELL_AFTER}. */
  public boolean diedEarly() {
    return earlyDeaths > 0;
  }

  /**
   * How the last run died, if it did, for {@link #TOLD_FOR}; where the node does not begin with
   * what it kept, also in later runs, until the cloud is heard.
   */
  public Optional<String> problem() {
    return told;
  }

  /** The cloud has said what is to run. */
  public void heardCloud() {
    if (heardCloud) return;
    synchronized (this) {
      heardCloud = true;
      forget();
    }
  }

  /** The node has run for {@link #TOLD_FOR}. */
  public synchronized void old() {
    old = true;
    forget();
  }

  private void forget() {
    if (old && (without.isEmpty() || heardCloud)) told = Optional.empty();
  }

  /** The node has run for {@link #WELL_AFTER}. Blocks. */
  public synchronized void well() {
    if (ended) return;
    well = true;
    write(State.WELL, Optional.empty());
  }

  /** The node ends as it was told to, unless it has died before. Blocks. */
  public synchronized void stopped() {
    if (ended) return;
    ended = true;
    write(State.STOPPED, Optional.empty());
  }

  /** The node ends by itself. Blocks. */
  public synchronized void died(String why) {
    if (ended) return;
    ended = true;
    write(well ? State.WELL : State.DIED, Optional.of(why));
  }

  private void write(State state, Optional<String> why) {
    var text = new Properties();
    text.setProperty(STATE, state.name());
    text.setProperty(DEATHS, Integer.toString(earlyDeaths));
    text.setProperty(BEGAN, began);
    why.ifPresent(
        words -> {
          text.setProperty(REASON, words);
          text.setProperty(ENDED, clock.instant().toString());
        });
    if (told.isPresent()) without.ifPresent(words -> text.setProperty(WITHOUT, words));
    try {
      var content = new StringWriter();
      text.store(content, null);
      WholeFile.replace(file, content.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", file, Causes.words(e));
    }
  }

  private static Properties read(Path file) {
    var text = new Properties();
    try {
      text.load(new StringReader(Files.readString(file)));
    } catch (NoSuchFileException e) {
      return text; // the first run
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("{} cannot be read: {}", file, Causes.words(e));
    }
    return text;
  }

  private static int number(String text) {
    try {
      return Math.max(0, Integer.parseInt(text));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
