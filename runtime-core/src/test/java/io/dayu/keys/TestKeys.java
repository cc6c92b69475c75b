package io.dayu.keys;

import io.dayu.facts.NodeReport.Role;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;

/** Keys of an authority that exists for one test. */
public final class TestKeys {
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration MONTH = Duration.ofDays(30);

  private final Path directory;
  private final Authority authority;

  /**
   * @param directory an empty one
   */
  public TestKeys(Path directory) {
    this.directory = directory;
    this.authority = Authority.create(directory, Duration.ofDays(100), Clock.systemUTC());
  }

  public NodeKeys edge(String name) {
    return NodeKeys.open(issue(new Holder(name, Role.EDGE), authority, name, MONTH));
  }

  /** Keys that have expired an hour ago. */
  public NodeKeys expired(String name) {
    return NodeKeys.open(expiredIn(name));
  }

  /** Where such keys are. */
  public Path expiredIn(String name) {
    var yesterday = Clock.fixed(Instant.now().minus(DAY), ZoneOffset.UTC);
    var then = Authority.open(directory, yesterday);
    return issue(new Holder(name, Role.EDGE), then, name + "-expired", DAY.minusHours(1));
  }

  /** Where the keys of {@code holder} are now. */
  public Path issue(Holder holder, String name, Duration validity) {
    return issue(holder, authority, name, validity);
  }

  private Path issue(Holder holder, Authority by, String name, Duration validity) {
    var place = directory.resolve(name);
    var unused = by.issue(holder, place, validity);
    return place;
  }
}
