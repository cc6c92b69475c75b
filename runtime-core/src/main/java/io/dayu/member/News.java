package io.dayu.member;

import io.dayu.facts.Decision;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.Wire;
import java.util.List;

/**
 * What has changed since the news before, from a gateway to an edge. The first of a session holds
 * all there is, or begins to: what does not fit into a message comes in the next ones.
 *
 * @param nodes their reports, as {@link Newsletter} shortens them
 * @param gone nodes that are to be forgotten
 */
record News(
    Place place,
    List<NodeReport> nodes,
    List<String> gone,
    List<DesiredPipeline> wanted,
    List<DroppedPipeline> dropped,
    List<Decision> decisions,
    List<DeclaredService> services)
    implements EdgeGossip.Command, Wire {
  News {
    nodes = List.copyOf(nodes);
    gone = List.copyOf(gone);
    wanted = List.copyOf(wanted);
    dropped = List.copyOf(dropped);
    decisions = List.copyOf(decisions);
    services = List.copyOf(services);
  }

  /** Nothing is new since these. */
  static News none(Place latest) {
    return new News(latest, List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
  }

  /**
   * Where among the news a message stands, or how far an edge has heard them.
   *
   * @param session never the same for two edges, or two beginnings; 0 before the first
   * @param number 1, 2, 3, … in a session
   */
  record Place(long session, long number) {
    static final Place NONE = new Place(0, 0);

    /** The place after this one. */
    Place next() {
      return new Place(session, number + 1);
    }
  }
}
