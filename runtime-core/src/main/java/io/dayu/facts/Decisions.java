package io.dayu.facts;

import io.dayu.facts.wire.NodeShare;
import io.dayu.facts.wire.Nodes;
import io.dayu.facts.wire.Shares;
import io.dayu.facts.wire.StreamDecision;
import io.dayu.pipeline.StreamName;
import io.dayu.source.Knobs;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;

/** Decisions to and from protobuf; also the form in which they are kept. */
public final class Decisions {
  private Decisions() {}

  public static StreamDecision write(Decision decision) {
    var proto =
        StreamDecision.newBuilder()
            .setStream(decision.stream().toString())
            .setVersion(decision.version())
            .setAtMs(decision.at().toEpochMilli())
            .putAllKnobs(decision.knobs().values())
            .setReason(decision.reason());
    decision
        .route()
        .forEach(
            (stage, shares) -> {
              var list = Shares.newBuilder();
              shares.forEach(
                  s ->
                      list.addShare(
                          NodeShare.newBuilder().setNode(s.node()).setWeight(s.weight())));
              proto.putRoute(stage, list.build());
            });
    decision
        .warm()
        .forEach(
            (stage, nodes) -> proto.putWarm(stage, Nodes.newBuilder().addAllNode(nodes).build()));
    return proto.build();
  }

  /**
   * @throws IllegalArgumentException if it cannot be a decision
   */
  public static Decision read(StreamDecision proto) {
    var route = new TreeMap<String, List<Decision.Share>>();
    proto
        .getRouteMap()
        .forEach(
            (stage, shares) ->
                route.put(
                    stage,
                    shares.getShareList().stream()
                        .map(s -> new Decision.Share(s.getNode(), s.getWeight()))
                        .toList()));
    var warm = new TreeMap<String, List<String>>();
    proto.getWarmMap().forEach((stage, nodes) -> warm.put(stage, List.copyOf(nodes.getNodeList())));
    return new Decision(
        StreamName.parse(proto.getStream()),
        proto.getVersion(),
        Instant.ofEpochMilli(proto.getAtMs()),
        route,
        warm,
        new Knobs(proto.getKnobsMap()),
        proto.getReason());
  }
}
