package io.dayu.member;

import io.dayu.facts.FailedElements;
import io.dayu.facts.FailedElements.Answer;
import io.dayu.facts.FailedElements.Item;
import io.dayu.facts.FailedElements.Pick;
import io.dayu.facts.FailedElements.Question;
import io.dayu.facts.FailedElements.Why;
import io.dayu.facts.FailureCause;
import io.dayu.member.wire.FailedAnswer;
import io.dayu.member.wire.FailedBytes;
import io.dayu.member.wire.FailedItem;
import io.dayu.member.wire.FailedItems;
import io.dayu.member.wire.FailedPage;
import io.dayu.member.wire.FailedPart;
import io.dayu.member.wire.FailedPick;
import io.dayu.member.wire.FailedQuestion;
import io.dayu.member.wire.FailedRefusal;
import io.dayu.member.wire.FailedRetried;
import io.dayu.pipeline.StreamName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.typed.Cluster;

/** Asks nodes what they keep of failed elements, and the form of that on the wire. */
public final class FailedQuestions {
  /** A node that is there answers within milliseconds, unless its disk is busy. */
  private static final Duration WITHIN = Duration.ofSeconds(4);

  private static final String NO_ANSWER =
      "node %s, which keeps them, has not answered within %s s; it may be cut off";

  private FailedQuestions() {}

  /**
   * Asks a node, by its {@link UplinkActor}. Never fails: a node that cannot be asked, or does not
   * answer, is {@link Why#AWAY}. Safe for any thread.
   */
  public static CompletionStage<Answer> ask(ActorSystem<?> system, String node, Question question) {
    var cluster = Cluster.get(system);
    var members = NodeNames.members(cluster, node);
    if (members.isEmpty())
      return away("node %s, which keeps them, is not in the cluster now".formatted(node));
    var unreachable = cluster.state().getUnreachable();
    var there = members.stream().filter(member -> !unreachable.contains(member)).findFirst();
    if (there.isEmpty()) return away("node %s, which keeps them, is cut off".formatted(node));
    var uplink =
        ActorRefResolver.get(system)
            .<UplinkActor.Command>resolveActorRef(
                there.get().address() + "/user/" + UplinkActor.NAME);
    if (question instanceof FailedElements.Page || question instanceof FailedElements.Part)
      return ask(system, uplink, question)
          .exceptionallyCompose(late -> away(NO_ANSWER.formatted(node, WITHIN.toSeconds())));
    // A change that waits for a node which does not answer would be made when nobody expects it any
    // more, so it is not sent before that answers.
    return ask(system, uplink, new FailedElements.Page(question.stream(), Optional.empty(), -1, 1))
        .handle((answer, late) -> late == null)
        .thenCompose(
            answers ->
                answers
                    ? ask(system, uplink, question)
                        .exceptionallyCompose(
                            late ->
                                away(
                                    NO_ANSWER.formatted(node, WITHIN.toSeconds())
                                        + ", and what was asked for may be done yet, or not"))
                    : away(NO_ANSWER.formatted(node, WITHIN.toSeconds())));
  }

  private static CompletionStage<Answer> ask(
      ActorSystem<?> system, ActorRef<UplinkActor.Command> uplink, Question question) {
    return AskPattern.ask(
        uplink,
        replyTo -> new UplinkActor.AskFailed(question, replyTo),
        WITHIN,
        system.scheduler());
  }

  private static CompletionStage<Answer> away(String reason) {
    return CompletableFuture.completedStage(new FailedElements.Refused(Why.AWAY, reason));
  }

  static FailedQuestion write(Question question, String replyTo) {
    var proto =
        FailedQuestion.newBuilder().setStream(question.stream().toString()).setReplyTo(replyTo);
    if (question instanceof FailedElements.Page page) {
      var wire = FailedPage.newBuilder().setAfter(page.after()).setLimit(page.limit());
      page.stage().ifPresent(wire::setStage);
      proto.setPage(wire);
    } else if (question instanceof FailedElements.Part part) {
      proto.setPart(FailedPart.newBuilder().setSeq(part.seq()).setOffset(part.offset()));
    } else if (question instanceof FailedElements.Retry retry) {
      proto.setRetry(write(retry.pick())).setVersion(retry.version());
    } else if (question instanceof FailedElements.Drop drop) {
      proto.setDrop(write(drop.pick()));
    }
    return proto.build();
  }

  static Question question(FailedQuestion proto) {
    var stream = StreamName.parse(proto.getStream());
    return switch (proto.getQuestionCase()) {
      case PAGE -> {
        var page = proto.getPage();
        yield new FailedElements.Page(
            stream,
            page.hasStage() ? Optional.of(page.getStage()) : Optional.empty(),
            page.getAfter(),
            page.getLimit());
      }
      case PART ->
          new FailedElements.Part(stream, proto.getPart().getSeq(), proto.getPart().getOffset());
      case RETRY -> new FailedElements.Retry(stream, read(proto.getRetry()), proto.getVersion());
      case DROP -> new FailedElements.Drop(stream, read(proto.getDrop()));
      case QUESTION_NOT_SET ->
          throw new IllegalArgumentException("unknown question about failed elements");
    };
  }

  private static FailedPick write(Pick pick) {
    var proto =
        FailedPick.newBuilder().addAllSeq(pick.seqs()).setAfter(pick.after()).setUpTo(pick.upTo());
    pick.stage().ifPresent(proto::setStage);
    return proto.build();
  }

  private static Pick read(FailedPick proto) {
    return new Pick(
        proto.getSeqList(),
        proto.hasStage() ? Optional.of(proto.getStage()) : Optional.empty(),
        proto.getAfter(),
        proto.getUpTo());
  }

  static FailedAnswer write(Answer answer) {
    var proto = FailedAnswer.newBuilder();
    if (answer instanceof FailedElements.Items items) {
      var wire = FailedItems.newBuilder().setMore(items.more());
      items.items().forEach(item -> wire.addItem(write(item)));
      proto.setItems(wire);
    } else if (answer instanceof FailedElements.Bytes bytes) {
      proto.setBytes(FailedBytes.newBuilder().setTotal(bytes.total()).setPart(bytes.part()));
    } else if (answer instanceof FailedElements.Retried retried) {
      proto.setRetried(
          FailedRetried.newBuilder()
              .addAllSeq(retried.as().keySet())
              .addAllRetriedAs(retried.as().values())
              .addAllNotKept(retried.notKept())
              .addAllUnderWay(retried.underWay())
              .setUpTo(retried.upTo())
              .setLast(retried.last())
              .setMore(retried.more()));
    } else if (answer instanceof FailedElements.Dropped dropped) {
      proto.setDropped(dropped.count());
    } else if (answer instanceof FailedElements.Refused refused) {
      proto.setRefused(
          FailedRefusal.newBuilder().setWhy(code(refused.why())).setReason(refused.reason()));
    }
    return proto.build();
  }

  private static Answer answer(FailedAnswer proto) {
    return switch (proto.getAnswerCase()) {
      case ITEMS ->
          new FailedElements.Items(
              proto.getItems().getItemList().stream().map(FailedQuestions::item).toList(),
              proto.getItems().getMore());
      case BYTES ->
          new FailedElements.Bytes(proto.getBytes().getTotal(), proto.getBytes().getPart());
      case RETRIED -> {
        var retried = proto.getRetried();
        var as = new TreeMap<Long, Long>();
        for (int i = 0; i < Math.min(retried.getSeqCount(), retried.getRetriedAsCount()); i++)
          as.put(retried.getSeq(i), retried.getRetriedAs(i));
        yield new FailedElements.Retried(
            as,
            new ArrayList<>(retried.getNotKeptList()),
            new ArrayList<>(retried.getUnderWayList()),
            retried.getUpTo(),
            retried.getLast(),
            retried.getMore());
      }
      case DROPPED -> new FailedElements.Dropped(proto.getDropped());
      case REFUSED ->
          new FailedElements.Refused(
              why(proto.getRefused().getWhy()), proto.getRefused().getReason());
      case ANSWER_NOT_SET ->
          throw new IllegalArgumentException("unknown answer about failed elements");
    };
  }

  /** Its number in messages, frozen whatever the order in which the source has the reasons. */
  private static int code(Why why) {
    return switch (why) {
      case NOT_KEPT -> 1;
      case PAUSED -> 2;
      case NOT_READ -> 3;
      case NOT_NOW -> 4;
      case AWAY -> 5;
    };
  }

  /** One that only newer releases know may pass, as far as this one can tell. */
  private static Why why(int code) {
    for (var why : Why.values()) if (code(why) == code) return why;
    return Why.NOT_NOW;
  }

  /** The answer of this type. */
  static <A extends Answer> A answer(FailedAnswer proto, Class<A> type) {
    return type.cast(answer(proto));
  }

  private static FailedItem write(Item item) {
    var proto =
        FailedItem.newBuilder()
            .setSeq(item.seq())
            .setStage(item.cause().stage())
            .setReason(item.cause().reason())
            .setAtMs(item.at().toEpochMilli())
            .setCreatedAtMs(item.createdAt().toEpochMilli())
            .setMedia(item.media())
            .setBytes(item.bytes())
            .setRetries(item.retries())
            .setFirstSeq(item.firstSeq());
    item.retriedAs().ifPresent(proto::setRetriedAs);
    return proto.build();
  }

  private static Item item(FailedItem proto) {
    return new Item(
        proto.getSeq(),
        new FailureCause(proto.getStage(), proto.getReason()),
        Instant.ofEpochMilli(proto.getAtMs()),
        Instant.ofEpochMilli(proto.getCreatedAtMs()),
        proto.getMedia(),
        proto.getBytes(),
        proto.getRetries(),
        proto.getFirstSeq(),
        proto.hasRetriedAs() ? OptionalLong.of(proto.getRetriedAs()) : OptionalLong.empty());
  }
}
