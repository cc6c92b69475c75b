package io.dayu.bench.chaos;

import io.dayu.bench.truth.Load;
import io.dayu.bench.truth.Variant;
import io.dayu.client.ApiClient;
import io.dayu.client.ApiException;
import io.dayu.console.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Changes pipelines while they flow, and remembers what each of them was. Safe for several threads,
 * of which one at a time changes a pipeline.
 */
final class LiveChanges {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration AGAIN = Duration.ofMillis(250);

  private final List<ApiClient> apis;
  private final Map<Load, Variant> present = new ConcurrentHashMap<>();
  private final Map<Load, Set<Variant>> had = new ConcurrentHashMap<>();

  /**
   * @param apis of all cloud nodes, of which any may be away
   */
  LiveChanges(List<ApiClient> apis) {
    this.apis = List.copyOf(apis);
  }

  void begin(Fault fault, Load load) {
    switch (fault) {
      case CHANGE_STAGES -> change(load, Variant::restaged);
      case CHANGE_PARAMETERS -> change(load, Variant::revised);
      case PAUSE -> turn(load, "pause");
      default -> throw new IllegalArgumentException(fault + " is none of a pipeline");
    }
  }

  void end(Fault fault, Load load) {
    switch (fault) {
      case CHANGE_STAGES -> change(load, Variant::restaged);
      case CHANGE_PARAMETERS -> change(load, Variant::revised);
      case PAUSE -> turn(load, "resume");
      default -> throw new IllegalArgumentException(fault + " is none of a pipeline");
    }
  }

  /** All variants that a pipeline had or may have had. */
  Set<Variant> had(Load load) {
    return Set.copyOf(had.computeIfAbsent(load, LiveChanges::first));
  }

  private static Set<Variant> first(Load load) {
    var variants = ConcurrentHashMap.<Variant>newKeySet();
    variants.add(Variant.FIRST);
    return variants;
  }

  private void change(Load load, UnaryOperator<Variant> how) {
    var next = how.apply(present.getOrDefault(load, Variant.FIRST));
    // Also of a change whose answer is lost it may be that it was made.
    had.computeIfAbsent(load, LiveChanges::first).add(next);
    present.put(load, next);
    ask(load, api -> load.change(api, next));
  }

  private void turn(Load load, String verb) {
    ask(load, api -> api.send("POST", "pipelines/%s/%s".formatted(load.name(), verb), ""));
  }

  /** Until a cloud node has answered: others may be dead, frozen or without a store. */
  private void ask(Load load, Consumer<ApiClient> question) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (int i = 0; ; i++) {
      try {
        question.accept(apis.get(i % apis.size()));
        return;
      } catch (ApiException e) {
        // 5xx: it cannot now. 422: it has just been started and does not know the services yet.
        if (e.status() < 500 && e.status() != 422 || System.nanoTime() > deadline) throw e;
      } catch (UserException unreachable) {
        if (System.nanoTime() > deadline) throw unreachable;
      }
      try {
        Thread.sleep(AGAIN.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UserException("interrupted while changing " + load.name(), e);
      }
    }
  }
}
