package io.dayu.flow;

import com.google.protobuf.ByteString;
import io.dayu.deliver.Uplink;
import io.dayu.side.SideStore;
import io.dayu.side.SideStore.Missing;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Fetches the values of side inputs that this node lacks from the cloud, one after the other in
 * parts, and keeps them on the disk. Spawned by the controller. What cannot be had now is asked for
 * again after a second, for as long as a version needs it.
 */
final class SideFetcher extends AbstractBehavior<SideFetcher.Command> {
  sealed interface Command {}

  /** What is not here, what is wanted first at first; replaces what was said before. */
  record Fetch(List<Missing> missing) implements Command {
    Fetch {
      missing = List.copyOf(missing);
    }
  }

  private record Came(Missing of, ByteString before, Uplink.SidePart part) implements Command {}

  private record Kept(Missing what) implements Command {}

  private record NotHad(Missing what, Throwable cause) implements Command {}

  private enum Timer implements Command {
    AGAIN
  }

  private static final Duration AGAIN_AFTER = Duration.ofSeconds(1);

  private final TimerScheduler<Command> timers;
  private final SideStore store;
  private final Uplink uplink;
  private final Executor blocking;
  private List<Missing> missing = List.of();
  private boolean busy;
  private String told = ""; // the last problem, which is logged once

  private SideFetcher(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SideStore store,
      Uplink uplink,
      Executor blocking) {
    super(context);
    this.timers = timers;
    this.store = store;
    this.uplink = uplink;
    this.blocking = blocking;
  }

  static Behavior<Command> create(SideStore store, Uplink uplink, Executor blocking) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(SideFetcher.class);
                  return new SideFetcher(context, timers, store, uplink, blocking);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Fetch.class, this::onFetch)
        .onMessage(Came.class, this::onCame)
        .onMessage(Kept.class, this::onKept)
        .onMessage(NotHad.class, this::onNotHad)
        .onMessageEquals(Timer.AGAIN, this::next)
        .build();
  }

  private Behavior<Command> onFetch(Fetch fetch) {
    missing = fetch.missing();
    return busy || timers.isTimerActive(Timer.AGAIN) ? this : next();
  }

  private Behavior<Command> next() {
    if (busy || missing.isEmpty()) return this;
    busy = true;
    ask(missing.get(0), ByteString.EMPTY);
    return this;
  }

  private void ask(Missing what, ByteString before) {
    getContext()
        .pipeToSelf(
            uplink.side(what.pipeline(), what.digest(), before.size()),
            (part, error) ->
                error == null ? new Came(what, before, part) : new NotHad(what, error));
  }

  private Behavior<Command> onCame(Came came) {
    var what = came.of();
    var json = came.before().concat(came.part().part());
    boolean wrong =
        came.part().total() != what.bytes()
            || json.size() > what.bytes()
            || came.part().part().isEmpty() && json.size() < what.bytes();
    if (wrong) return onNotHad(new NotHad(what, new IOException("the cloud does not have it")));
    if (json.size() < what.bytes()) {
      ask(what, json);
      return this;
    }
    getContext()
        .pipeToSelf(
            CompletableFuture.runAsync(() -> put(what, json), blocking),
            (done, error) -> error == null ? new Kept(what) : new NotHad(what, error));
    return this;
  }

  private void put(Missing what, ByteString json) {
    try {
      store.put(what.digest(), json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Behavior<Command> onKept(Kept kept) {
    busy = false;
    told = "";
    missing = missing.stream().filter(one -> !one.digest().equals(kept.what().digest())).toList();
    return next();
  }

  /** The others are tried before it is asked for again. */
  private Behavior<Command> onNotHad(NotHad not) {
    busy = false;
    var why = Causes.words(not.cause());
    if (!why.equals(told))
      getContext()
          .getLog()
          .warn(
              "a side input of pipeline {} cannot be had now ({}), tried again every {} s",
              not.what().pipeline(),
              why,
              AGAIN_AFTER.toSeconds());
    told = why;
    if (missing.contains(not.what())) {
      var others = new ArrayList<>(missing);
      others.remove(not.what());
      others.add(not.what());
      missing = others;
    }
    timers.startSingleTimer(Timer.AGAIN, AGAIN_AFTER);
    return this;
  }
}
