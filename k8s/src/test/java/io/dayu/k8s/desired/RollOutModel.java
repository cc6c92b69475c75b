package io.dayu.k8s.desired;

import io.dayu.k8s.desired.RollOut.Member;
import io.dayu.k8s.desired.RollOut.Rules;
import io.dayu.k8s.desired.RollOut.Running;
import io.dayu.k8s.desired.RollOut.State;
import io.dayu.k8s.desired.RollOut.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Nodes, their kubelets and the controller of a DaemonSet, as far as a roll-out meets them. */
final class RollOutModel {
  static final Duration DEADLINE = Duration.ofSeconds(60);

  private static final class Place {
    private boolean away;
    private boolean held;
    private Optional<Running> pod;

    private Place(Running pod) {
      this.pod = Optional.of(pod);
    }
  }

  private final Map<String, Place> places = new TreeMap<>();

  /** Members that were deleted and have not been ready again, with the time of that. */
  private final Map<String, Instant> onTheirWay = new TreeMap<>();

  final List<String> deleted = new ArrayList<>();
  final List<String> wrong = new ArrayList<>();
  private State state = State.NONE;
  private Instant now = Instant.EPOCH;
  private int newest;
  private int pods;
  boolean paused;
  int majorityOf;
  Duration settle = Duration.ZERO;

  RollOutModel(int nodes) {
    for (int i = 1; i <= nodes; i++) places.put("n" + i, new Place(pod(true)));
  }

  private Running pod(boolean ready) {
    return new Running("pod-" + ++pods, "r" + newest, ready, false, Optional.of("why"));
  }

  void changeTemplate() {
    newest++;
  }

  void setAway(String node, boolean away) {
    places.get(node).away = away;
  }

  void setHeld(String node, boolean held) {
    places.get(node).held = held;
  }

  void toggleAway(int node) {
    place(node).away = !place(node).away;
  }

  void toggleHeld(int node) {
    place(node).held = !place(node).held;
  }

  void setReady(String node, boolean ready) {
    var place = places.get(node);
    place.pod = place.pod.map(p -> is(p, ready, p.ending()));
  }

  /** What comes next for a pod: it goes, comes anew, and gets ready. */
  void goOn(int node) {
    goOn(place(node));
  }

  void goOn(String node) {
    goOn(places.get(node));
  }

  private void goOn(Place place) {
    if (place.away) return;
    if (place.pod.isEmpty()) place.pod = Optional.of(pod(false));
    else if (place.pod.get().ending()) place.pod = Optional.empty();
    else place.pod = place.pod.map(p -> is(p, true, false));
  }

  void crash(int node) {
    place(node).pod = place(node).pod.map(p -> is(p, false, p.ending()));
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  void heal() {
    paused = false;
    places.values().forEach(p -> p.away = p.held = false);
    places.values().forEach(this::goOn);
  }

  boolean isNewest(String node) {
    return places.get(node).pod.filter(p -> p.revision().equals("r" + newest)).isPresent();
  }

  boolean allAreNewestAndReady() {
    return places.values().stream()
        .allMatch(
            p -> p.pod.filter(r -> r.revision().equals("r" + newest) && r.ready()).isPresent());
  }

  /** Asks what is to be done and does it, as the operator does. */
  Step step() {
    var members = places.keySet().stream().map(this::member).toList();
    arrivals();
    var step =
        RollOut.next(
            members, state, new Rules(paused, DEADLINE, settle, majorityOf, Optional.empty()), now);
    state = step.state();
    step.delete().ifPresent(m -> delete(m.node()));
    return step;
  }

  private void arrivals() {
    onTheirWay
        .entrySet()
        .removeIf(
            e -> {
              var place = places.get(e.getKey());
              return now.isAfter(e.getValue().plus(DEADLINE))
                  || !place.away && place.pod.filter(p -> p.ready() && !p.ending()).isPresent();
            });
  }

  private void delete(String node) {
    var place = places.get(node);
    if (place.away) wrong.add(node + " is away");
    if (place.held) wrong.add(node + " is held");
    if (paused) wrong.add(node + " while paused");
    if (isNewest(node)) wrong.add(node + " is of the newest revision");
    if (onTheirWay.keySet().stream().anyMatch(n -> !n.equals(node)))
      wrong.add(node + " beside " + onTheirWay.keySet());
    deleted.add(node);
    onTheirWay.put(node, now);
    place.pod = place.pod.map(p -> is(p, p.ready(), true));
  }

  private Member member(String node) {
    var place = places.get(node);
    return new Member(node, "r" + newest, place.away, place.held, place.pod);
  }

  private Place place(int number) {
    return places.get("n" + (1 + Math.floorMod(number, places.size())));
  }

  private static Running is(Running pod, boolean ready, boolean ending) {
    return new Running(pod.uid(), pod.revision(), ready, ending, pod.trouble());
  }
}
