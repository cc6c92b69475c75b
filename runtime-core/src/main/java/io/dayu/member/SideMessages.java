package io.dayu.member;

import com.google.protobuf.ByteString;
import io.dayu.facts.SideFactsProto;
import io.dayu.facts.wire.SideProblem;
import io.dayu.member.wire.SideGift;
import io.dayu.member.wire.SideGiven;
import io.dayu.member.wire.SideKept;
import io.dayu.member.wire.SideQuestion;
import io.dayu.member.wire.SideTold;
import io.dayu.side.SideValues;
import java.util.HashMap;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;

/** Messages, events and state of side inputs to and from protobuf. */
final class SideMessages {
  private SideMessages() {}

  static SideGift gift(PipelineEntity.GiveSide give, String replyTo) {
    return SideGift.newBuilder()
        .setName(give.name())
        .setUpload(give.upload())
        .setOffset(give.offset())
        .setTotal(give.total())
        .setPart(give.part())
        .setReplyTo(replyTo)
        .build();
  }

  static PipelineEntity.GiveSide gift(SideGift proto, ActorRef<PipelineEntity.Answer> replyTo) {
    return new PipelineEntity.GiveSide(
        proto.getName(),
        proto.getUpload(),
        proto.getOffset(),
        proto.getTotal(),
        proto.getPart(),
        replyTo);
  }

  static SideQuestion question(Gateway.AskSide ask, String replyTo) {
    return SideQuestion.newBuilder()
        .setPipeline(ask.pipeline())
        .setSha256(SideFactsProto.bytes(ask.digest()))
        .setOffset(ask.offset())
        .setReplyTo(replyTo)
        .build();
  }

  static Gateway.AskSide question(SideQuestion proto, ActorRef<Gateway.SidePart> replyTo) {
    return new Gateway.AskSide(
        proto.getPipeline(), SideFactsProto.digest(proto.getSha256()), proto.getOffset(), replyTo);
  }

  static SideTold told(SideState.Told told) {
    var proto = SideTold.newBuilder();
    told.given()
        .forEach(
            (name, json) -> {
              var given = SideGiven.newBuilder().setName(name);
              json.ifPresent(given::setJson);
              proto.addGiven(given);
            });
    told.problems()
        .forEach(
            (name, problem) ->
                proto.addProblem(SideProblem.newBuilder().setName(name).setProblem(problem)));
    return proto.build();
  }

  static SideState.Told told(SideTold proto) {
    var given = new TreeMap<String, Optional<ByteString>>();
    for (var one : proto.getGivenList())
      given.put(one.getName(), one.hasJson() ? Optional.of(one.getJson()) : Optional.empty());
    var problems = new TreeMap<String, String>();
    for (var one : proto.getProblemList()) problems.put(one.getName(), one.getProblem());
    return new SideState.Told(given, problems);
  }

  static SideKept kept(SideState state) {
    return SideKept.newBuilder()
        .setFacts(SideFactsProto.write(state.versions()))
        .setNumber(state.number())
        .addAllJson(new TreeMap<>(state.values()).values())
        .build();
  }

  static SideState kept(SideKept proto) {
    var values = new HashMap<String, ByteString>();
    for (var json : proto.getJsonList()) values.put(SideValues.digest(json), json);
    return new SideState(SideFactsProto.read(proto.getFacts()), proto.getNumber(), values);
  }
}
