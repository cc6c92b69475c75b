package io.dayu.k8s.desired;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * How the members of one kind come to their newest revision: one after the other, each on a node
 * that is ready, and the next one only when the one before is ready again. A member that does not
 * become ready stops it, so that a revision that does not work costs one member. Nodes that are
 * away are left alone and are done when they are back.
 *
 * <p>What is to be deleted is written down first ({@link State#replacing}), so whoever goes on
 * after a crash knows which member is on its way.
 */
public final class RollOut {
  /** Of fewer members that decide together none can be spared anyway. */
  private static final int SMALLEST_QUORUM = 3;

  private RollOut() {}

  /**
   * A Kubernetes node with a pod of a member, or that is to have one.
   *
   * @param newest the revision that its pod is to have
   * @param away whether its kubelet is silent
   * @param held whether somebody said that it is to be left alone
   * @param pod empty while there is none
   */
  public record Member(
      String node, String newest, boolean away, boolean held, Optional<Running> pod) {
    private boolean isReady() {
      return !away && pod.filter(p -> p.ready() && !p.ending()).isPresent();
    }

    /** Whether it has a pod of the newest revision. */
    public boolean isNewest() {
      return pod.filter(p -> p.revision().equals(newest)).isPresent();
    }

    private boolean isOld() {
      return pod.filter(p -> !p.ending() && !p.revision().equals(newest)).isPresent();
    }

    private boolean mayBeReplaced() {
      return !away && !held && isOld();
    }
  }

  /**
   * A pod.
   *
   * @param uid by which it is told from its successor
   * @param ending whether it was deleted and has not gone yet
   * @param trouble why it is not ready, as far as that is known
   */
  public record Running(
      String uid, String revision, boolean ready, boolean ending, Optional<String> trouble) {}

  /**
   * A member on its way.
   *
   * @param pod uid of the pod that was deleted, or is to be
   * @param revision that the new pod is to have
   * @param wasReady whether the pod was ready before; what was not stops nothing if it still is not
   * @param since when that was decided
   * @param ready since when the new pod is ready
   */
  public record Replacing(
      String node,
      String pod,
      String revision,
      boolean wasReady,
      Instant since,
      Optional<Instant> ready) {}

  /**
   * Why no further member is replaced.
   *
   * @param revision that the member did not get ready with; another one lifts the stop
   */
  public record Stop(String node, String revision, String why) {}

  /** Where it is. */
  public record State(Optional<Replacing> replacing, Optional<Stop> stop) {
    public static final State NONE = new State(Optional.empty(), Optional.empty());
  }

  /**
   * @param deadline for a member to be ready again, from when it was chosen
   * @param settle how long it has to stay ready
   * @param majorityOf how many members there are to be, if most of them must stay ready as they
   *     decide together; else 0
   * @param blocked why none may be chosen now
   */
  public record Rules(
      boolean paused,
      Duration deadline,
      Duration settle,
      int majorityOf,
      Optional<String> blocked) {}

  public enum Phase {
    /** All members are of the newest revision. */
    COMPLETE,
    /** The others are; those that are not are away or held. */
    LEFT_OUT,
    REPLACING,
    WAITING,
    PAUSED,
    STOPPED;

    /** Whether all has been done that can be done now. */
    public boolean isDone() {
      return this == COMPLETE || this == LEFT_OUT;
    }
  }

  /**
   * What is to be done.
   *
   * @param state to be written down before
   * @param delete the member whose pod is to be deleted, with the uid in {@code state}
   * @param says why, for people; the same words as long as nothing changes
   */
  public record Step(State state, Optional<Member> delete, Phase phase, String says) {}

  /** Pure; to be asked again whenever something changes, and each second while one is replaced. */
  public static Step next(Collection<Member> members, State state, Rules rules, Instant now) {
    if (state.replacing().isPresent()) {
      var step = onItsWay(members, state.replacing().get(), rules, now);
      if (step.isPresent()) return step.get();
    }
    var stop = state.stop().filter(s -> stillHolds(s, members));
    if (stop.isPresent())
      return new Step(
          new State(Optional.empty(), stop), Optional.empty(), Phase.STOPPED, stop.get().why());
    return choose(members, rules, now);
  }

  /** Empty where it has arrived, or needs not be waited for. */
  private static Optional<Step> onItsWay(
      Collection<Member> members, Replacing replacing, Rules rules, Instant now) {
    var found = members.stream().filter(m -> m.node().equals(replacing.node())).findFirst();
    if (found.isEmpty()) return Optional.empty();
    var member = found.get();
    boolean late = Duration.between(replacing.since(), now).compareTo(rules.deadline()) > 0;
    var pod = member.pod();
    if (pod.filter(p -> p.uid().equals(replacing.pod()) && !p.ending()).isPresent()) {
      // It was not deleted yet, or the cache is behind. Somebody may have changed their mind since.
      if (!member.isOld() || late) return Optional.empty();
      boolean still = member.mayBeReplaced() && !rules.paused();
      return Optional.of(going(replacing, still ? Optional.of(member) : Optional.empty()));
    }
    boolean isNew = pod.filter(p -> !p.uid().equals(replacing.pod())).isPresent();
    // The template was changed once more: this one may as well get the newest at once.
    if (isNew
        && !member.newest().equals(replacing.revision())
        && member.mayBeReplaced()
        && !rules.paused()) return Optional.of(begin(member, now));
    boolean asMeant =
        !member.isOld() || pod.filter(p -> p.revision().equals(replacing.revision())).isPresent();
    if (isNew && member.isReady() && asMeant) {
      var since = replacing.ready().orElse(now);
      if (Duration.between(since, now).compareTo(rules.settle()) >= 0) return Optional.empty();
      return Optional.of(going(with(replacing, Optional.of(since)), Optional.empty()));
    }
    if (!late) return Optional.of(going(with(replacing, Optional.empty()), Optional.empty()));
    // It was not ready before either, which is no sign against the revision.
    if (!replacing.wasReady() && !member.isOld()) return Optional.empty();
    var stop = new Stop(member.node(), replacing.revision(), why(member, replacing, rules));
    return Optional.of(
        new Step(
            new State(Optional.empty(), Optional.of(stop)),
            Optional.empty(),
            Phase.STOPPED,
            stop.why()));
  }

  private static Replacing with(Replacing r, Optional<Instant> ready) {
    return new Replacing(r.node(), r.pod(), r.revision(), r.wasReady(), r.since(), ready);
  }

  private static Step going(Replacing replacing, Optional<Member> delete) {
    return new Step(
        new State(Optional.of(replacing), Optional.empty()),
        delete,
        Phase.REPLACING,
        "one member after the other is replaced");
  }

  private static Step begin(Member member, Instant now) {
    var pod = member.pod().orElseThrow();
    return going(
        new Replacing(
            member.node(), pod.uid(), member.newest(), pod.ready(), now, Optional.empty()),
        Optional.of(member));
  }

  private static String why(Member member, Replacing replacing, Rules rules) {
    String is;
    if (member.away()) is = "the node went away";
    else if (member.pod().isEmpty()) is = "its DaemonSet has made no new pod";
    else if (member.pod().get().uid().equals(replacing.pod())) is = "its old pod has not ended";
    else if (member.pod().get().ready()) is = "its new pod is not of the newest revision";
    else
      is = "its new pod is not ready" + member.pod().get().trouble().map(t -> ": " + t).orElse("");
    return "node %s was not ready again within %s s: %s"
        .formatted(member.node(), rules.deadline().toSeconds(), is);
  }

  /** Until the member is to have another revision, or is none any more. */
  private static boolean stillHolds(Stop stop, Collection<Member> members) {
    return members.stream()
        .anyMatch(m -> m.node().equals(stop.node()) && m.newest().equals(stop.revision()));
  }

  private static Step choose(Collection<Member> members, Rules rules, Instant now) {
    var old = members.stream().filter(Member::isOld).toList();
    if (old.isEmpty()) return rests(Phase.COMPLETE, "all members are of the newest revision");
    // What is not ready has nothing to lose, and the newest revision may mend it.
    var next =
        old.stream()
            .filter(Member::mayBeReplaced)
            .min(Comparator.comparing(Member::isReady).thenComparing(Member::node));
    if (next.isEmpty())
      return rests(Phase.LEFT_OUT, "what is left is away or held, and done when that is over");
    if (rules.paused()) return rests(Phase.PAUSED, "spec.paused says so");
    if (rules.blocked().isPresent()) return rests(Phase.WAITING, rules.blocked().get());
    if (!isSpared(next.get(), members, rules.majorityOf()))
      return rests(
          Phase.WAITING, "others are not ready, and a majority of the cloud nodes has to stay");
    return begin(next.get(), now);
  }

  /** Whether most are ready without it. */
  private static boolean isSpared(Member one, Collection<Member> members, int majorityOf) {
    if (majorityOf < SMALLEST_QUORUM || !one.isReady()) return true;
    long others = members.stream().filter(m -> !m.node().equals(one.node()) && m.isReady()).count();
    return others > majorityOf / 2;
  }

  private static Step rests(Phase phase, String says) {
    return new Step(State.NONE, Optional.empty(), phase, says);
  }
}
