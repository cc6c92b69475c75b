package io.dayu.service;

import io.dayu.link.Backoff;
import io.dayu.service.ServiceDescription.BadDescription;
import io.dayu.stage.Causes;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps watch over a service. While the service is not there it is asked for its health and its
 * description until it answers, one question at a time and ever more seldom; one that is doubted is
 * asked at once. Whoever listens is told when the service is known, is away, and is there again.
 *
 * <p>What is here and the {@link Presence} are guarded by the service. Its methods are for who
 * holds the service, but for {@link #at}, {@link #gone} and what is private and says nothing of it:
 * these take the lock. The service is asked, is ready and is pumped while nobody holds it;
 * listeners are called by who holds it.
 */
final class Watch {
  /** How long a service is waited for when it is asked. */
  static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** How long nothing is sent to a service that asks to wait and does not say how long. */
  static final Duration BRIEFLY = Duration.ofMillis(500);

  /** How long a service may ask to wait. */
  static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
  private static final Duration FIRST_LOOK = Duration.ofMillis(100);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(2);

  private final Service<?> service;
  private final Presence presence;
  private final Backoff backoff = new Backoff(FIRST_LOOK, LONGEST_LOOK);
  private volatile Runnable changed = () -> {};
  private boolean looking;
  private boolean usable; // by what was told last

  Watch(Service<?> service, Presence presence) {
    this.service = service;
    this.presence = presence;
  }

  /**
   * @param listener is run whenever the service is known, is away, or is there again, while the
   *     service is held; must not block
   */
  void whenChanged(Runnable listener) {
    changed = listener;
  }

  /** Nobody need be told that the service is known. */
  void known() {
    usable = true;
  }

  // Where it is

  /** The service is to be found here from now on; it is called once it answers. */
  void at(URI place) {
    synchronized (service) {
      presence.at(place, System.nanoTime());
      tellWhenAway();
      backoff.reset();
    }
    lookIn(Duration.ZERO);
  }

  /** The service is nowhere for now. */
  void gone(String why) {
    synchronized (service) {
      presence.gone(why, System.nanoTime());
      tellWhenAway();
    }
  }

  // What its calls say

  /** The service is not there any more; it is asked for again. */
  void down(String why, boolean atOnce) {
    if (!presence.down(why, System.nanoTime()) || service.isOver()) return;
    tellWhenAway();
    if (service.declaration.onDemand())
      LOG.info("service {} is there no longer: {}", service.name(), why);
    else LOG.warn("service {} cannot be reached: {}; elements wait for it", service.name(), why);
    lookIn(atOnce ? Duration.ZERO : backoff.next());
  }

  /**
   * A call has run out of its time and nothing was heard since it was sent; the service is asked
   * whether it is there.
   */
  void silent(long sinceNanos) {
    if (service.isOver() || !presence.silent(sinceNanos, System.nanoTime())) return;
    tellWhenAway();
    LOG.warn(
        "service {} does not answer; elements wait while it is asked what it does", service.name());
    lookIn(Duration.ZERO);
  }

  /** A call was answered, however. */
  void answered() {
    if (presence.answered()) tellChange();
  }

  /** What has been opened works; the next trouble is met as the first. */
  void works() {
    backoff.reset();
  }

  /** Nothing is sent for so long, because the service asks for it. */
  void hold(Duration wait, String why) {
    if (wait.isZero()) return;
    presence.hold(wait, why, System.nanoTime());
    var unused = service.timer.schedule(service::pump, wait.toMillis() + 1, TimeUnit.MILLISECONDS);
  }

  // Trust

  private void trustLater() {
    if (service.isClosed()) return;
    presence
        .distrust()
        .ifPresent(
            wait -> {
              var unused =
                  service.timer.schedule(this::trust, wait.toMillis(), TimeUnit.MILLISECONDS);
            });
  }

  /** As long as calls are there, they tell. */
  private void trust() {
    synchronized (service) {
      presence.endDistrust();
      if (!presence.isUp() || !presence.hangs()) return;
      if (service.hasCalls()) {
        trustLater();
        return;
      }
      LOG.info("service {} gets another chance: it says that it can work", service.name());
      presence.anotherChance();
      tellChange();
    }
  }

  // Whoever listens

  boolean isAway() {
    return presence.isAway(System.nanoTime()) && service.succession.isFallbackAway();
  }

  private void tellWhenAway() {
    if (service.isOver()) return;
    var unused =
        service.timer.schedule(
            () -> {
              synchronized (service) {
                tellChange();
              }
            },
            presence.nanosToAway(System.nanoTime()),
            TimeUnit.NANOSECONDS);
  }

  private void tellChange() {
    boolean now = service.isDescribed() && !isAway();
    if (service.isOver() || now == usable) return;
    usable = now;
    if (!now && service.declaration.onDemand())
      LOG.info("service {} is not loaded here", service.name());
    else if (!now)
      LOG.warn(
          "service {} is away ({}): its work is left to other nodes that have it",
          service.name(),
          presence.problem());
    changed.run();
  }

  // Health and description

  private void lookIn(Duration wait) {
    synchronized (service) {
      if (looking || service.isOver() || presence.url() == null || presence.isUp()) return;
      looking = true;
    }
    var unused = service.timer.schedule(this::look, wait.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    URI there;
    long now;
    synchronized (service) {
      there = presence.url();
      now = presence.epoch();
      if (service.isClosed() || there == null) {
        looking = false;
        return;
      }
    }
    var unused =
        service
            .ask(there)
            .thenAccept(said -> described(said, there, now))
            .whenComplete((done, error) -> looked(error, now));
  }

  private void described(Optional<byte[]> said, URI at, long of) {
    try {
      var read = service.description.read(said, service.from());
      synchronized (service) {
        if (of != presence.epoch() || service.isClosed()) return;
        service.description.take(read, at, !presence.isUp());
        presence.found();
        if (presence.hangs()) trustLater();
        tellChange();
      }
      // Not while others wait for this, and not the next one at the same time: looks follow each
      // other.
      service.description.write(said);
      service.ready();
    } catch (BadDescription e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private void looked(@Nullable Throwable error, long of) {
    Duration again;
    synchronized (service) {
      looking = false;
      if (service.isClosed() || presence.isUp()) return;
      if (error != null && of == presence.epoch()) inVain(Causes.of(error));
      again = of == presence.epoch() ? backoff.next() : Duration.ZERO;
    }
    service.pump();
    lookIn(again);
  }

  private void inVain(Throwable cause) {
    var declaration = service.declaration;
    var words =
        cause instanceof CancellationException
            ? "it does not answer within %s ms".formatted(TIMEOUT.toMillis())
            : service.words(cause);
    // A program of ours listens when it has started; whether it does not start is told there.
    // One that is loaded on demand listens when it is wanted.
    boolean starting =
        (declaration.place() instanceof ServiceDeclaration.Program || declaration.onDemand())
            && service.isUnreached(cause);
    if (!words.equals(presence.problem()) && !starting)
      LOG.warn("service {} cannot be used yet: {}", service.name(), words);
    if (presence.notFound(words)) tellWhenAway();
  }
}
