package io.dayu.process;

import io.dayu.element.Element;
import io.dayu.element.Ending;
import io.dayu.element.Hop;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.facts.InstanceName;
import io.dayu.link.Parcel;
import io.dayu.settings.Budget;

/**
 * Where elements go on from a stage: with its output to the stages that follow in the element's own
 * plan, or to the outbox where all its leaves meet; what has ended here to the outbox of this node.
 * What no next stage has taken yet counts against the memory of the node. Belongs to one actor.
 */
final class Onward {
  private final String node;
  private final String stage;
  private final Router router;
  private final ProcessSettings settings;
  private final int maxElement;
  private final Budget memory;
  private long charged; // to it
  private int grownBytes;

  /**
   * @param node this one
   * @param maxElement largest element in bytes that a link takes
   * @param memory of the node, on which draws what waits behind stages
   */
  Onward(
      String node,
      String stage,
      Router router,
      ProcessSettings settings,
      int maxElement,
      Budget memory) {
    this.node = node;
    this.stage = stage;
    this.router = router;
    this.settings = settings;
    this.maxElement = maxElement;
    this.memory = memory;
  }

  /** Whether an output may be added to those that wait for the next stages. */
  boolean hasRoom() {
    int waits = router.waiting();
    long bytes = router.waitingBytes();
    memory.add(bytes - charged);
    charged = bytes;
    return waits == 0 || waits < settings.maxWaiting() && !memory.isFull();
  }

  /** How many outputs may be added, as far as their number counts; at least one. */
  int room() {
    return Math.max(1, settings.maxWaiting() - router.waiting());
  }

  /** Size in bytes of the last element that got an output. */
  int grownBytes() {
    return grownBytes;
  }

  /** The element goes on with the output of the stage; one that is too large then has failed. */
  void send(Work work, Hop.Builder hop, Media output) {
    var parcel = work.parcel();
    var grown = Outputs.put(parcel.element().toBuilder(), stage, output).addTrace(hop).build();
    grownBytes = grown.getSerializedSize();
    // The element has become too large for any link.
    if (grownBytes > Math.min(maxElement, memory.limit()))
      end(
          work,
          hop,
          Ending.Kind.FAILED,
          "with its output the element has %s bytes, dayu.link.max-element is %s and dayu.memory.stages of this node %s"
              .formatted(grownBytes, maxElement, memory.limit()));
    else forward(parcel.with(grown), work.way().plan());
  }

  private void forward(Parcel parcel, Plan plan) {
    var next = plan.successors(stage);
    var element = parcel.element();
    boolean strip = element.hasPayload() && !element.getKeep();
    Parcel stripped = null; // made for the first stage that does not need the payload
    for (var successor : next) {
      var sent = parcel;
      if (strip && !plan.needsPayload(successor)) {
        if (stripped == null) stripped = withoutPayload(parcel);
        sent = stripped;
      }
      router.send(Paths.node(element, successor), plan.instance(successor), sent);
    }
    if (next.isEmpty()) {
      // All leaves of an element meet at the outbox of the node that runs the first leaf.
      var meeting = Paths.node(element, plan.leaves().get(0));
      router.send(meeting, InstanceName.OUTBOX, strip ? withoutPayload(parcel) : parcel);
    }
  }

  private static Parcel withoutPayload(Parcel parcel) {
    return parcel.with(parcel.element().toBuilder().clearPayload().build());
  }

  /** The element ends here. */
  void end(Work work, Hop.Builder hop, Ending.Kind kind, String reason) {
    var parcel = work.parcel();
    Element.Builder ended = parcel.element().toBuilder();
    ended
        .addTrace(hop)
        .setEnding(Ending.newBuilder().setKind(kind).setStage(stage).setReason(reason));
    if (!parcel.element().getKeep()) ended.clearPayload();
    router.send(node, InstanceName.OUTBOX, parcel.with(ended.build()));
  }

  /** Nothing waits here any more. */
  void close() {
    memory.add(-charged);
    charged = 0;
  }
}
