package io.dayu.flow;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.deliver.Outbox;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.InstanceName;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.View;
import io.dayu.link.Inlet;
import io.dayu.link.LinkSender;
import io.dayu.link.LinkServer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The links of a node, which it opens as they are asked for, and which other nodes can be reached
 * by them. Part of the {@link Controller}, whose children the links are, and on its thread.
 */
final class PeerLinks {
  /** A consumer at a node. */
  record Key(String node, InstanceName instance) {}

  private record Peer(String host, int port, Role role) {}

  /** What sends acknowledgements to whoever opened a link, and whether the link is for results. */
  private record Back(ActorRef<Acknowledgement> ref, boolean results) {}

  private record Link(ActorRef<Inlet.Command> sender, Peer peer) {}

  private final ActorContext<?> context;
  private final String node;
  private final Role role;
  private final Function<LinkSender.Target, Behavior<Inlet.Command>> make;
  private final Map<Key, Link> links = new HashMap<>();
  private final Map<Key, LinkReport> reports = new HashMap<>();
  // Of links that nodes have opened to this cloud node, by the name in their hello, the newest
  // first.
  private final Map<String, Deque<Back>> backs = new HashMap<>();
  private Map<String, Peer> peers = Map.of();
  private Set<String> suspects = Set.of();
  private boolean offline; // no cloud node can be reached
  private boolean toldOffline;
  private long opened;

  /**
   * @param make a link
   */
  PeerLinks(
      ActorContext<?> context,
      String node,
      Role role,
      Function<LinkSender.Target, Behavior<Inlet.Command>> make) {
    this.context = context;
    this.node = node;
    this.role = role;
    this.make = make;
    look();
  }

  /** Takes in where the nodes are. Returns whether suspects or being offline have changed. */
  boolean learn(Map<String, View.Seen> nodes) {
    peers =
        nodes.values().stream()
            .map(View.Seen::report)
            .collect(
                Collectors.toMap(
                    NodeReport::node,
                    r -> new Peer(r.self().host(), r.self().dataPort(), r.role())));
    // A node that was started again may listen elsewhere; its links follow.
    links.forEach(
        (key, link) -> {
          var peer = peers.get(key.node());
          if (peer != null && !peer.equals(link.peer())) context.stop(link.sender());
        });
    return look();
  }

  /** The link there, opened if there is none; empty if nobody knows where the node is. */
  Optional<ActorRef<Inlet.Command>> link(Key key) {
    var known = links.get(key);
    if (known != null) return Optional.of(known.sender());
    var peer = peers.get(key.node());
    if (peer == null) return Optional.empty();
    var sender =
        context.spawn(
            make.apply(
                new LinkSender.Target(key.node(), peer.host(), peer.port(), key.instance(), node)),
            "link-to-" + ++opened);
    context.watch(sender);
    links.put(key, new Link(sender, peer));
    return Optional.of(sender);
  }

  /** A node has opened a link to this one. */
  void came(LinkServer.Lookup lookup) {
    // A node that has connected to this one can be reached: links to it connect at once.
    links.forEach(
        (key, link) -> {
          if (key.node().equals(lookup.producer()))
            link.sender().tell(LinkSender.Reconnect.INSTANCE);
        });
    if (role == Role.CLOUD) {
      context.watch(lookup.acknowledgements());
      backs
          .computeIfAbsent(lookup.producer(), n -> new ArrayDeque<>())
          .addFirst(
              new Back(
                  lookup.acknowledgements(), lookup.instance().equals(InstanceName.DISTRIBUTOR)));
    }
  }

  /**
   * Tells a node what of its elements is stored, over a link that it has to this node: after an
   * outage the cluster's connections may stay silent for as long as the outage lasted. All links
   * for results are told, of which a node has one: whoever opens another one by the same name must
   * not take the acknowledgements away from it. Without any, the newest link is told.
   *
   * @return false if it has none
   */
  boolean acknowledge(String origin, Acknowledgement acknowledgement) {
    var back = backs.get(origin);
    if (back == null) return false;
    boolean told = false;
    for (var link : back)
      if (link.results()) {
        link.ref().tell(acknowledgement);
        told = true;
      }
    if (!told) back.getFirst().ref().tell(acknowledgement);
    return true;
  }

  /** Returns whether suspects or being offline have changed. */
  boolean heard(LinkReport report) {
    var key = new Key(report.peer(), report.instance());
    if (links.containsKey(key)) reports.put(key, report);
    return look();
  }

  /** A child has ended. Returns whether suspects or being offline have changed. */
  boolean ended(ActorRef<?> gone) {
    backs.values().removeIf(back -> back.removeIf(b -> b.ref().equals(gone)) && back.isEmpty());
    if (!links.values().removeIf(link -> link.sender().equals(gone))) return false;
    reports.keySet().retainAll(links.keySet());
    return look();
  }

  /** Nodes that do not answer. */
  Set<String> suspects() {
    return suspects;
  }

  /** Whether no cloud node can be reached; never on a cloud node. */
  boolean isOffline() {
    return offline;
  }

  /** Where results can go, the best first; on a cloud node to itself. */
  Outbox.Clouds clouds() {
    if (role == Role.CLOUD) return new Outbox.Clouds(List.of(node), Set.of());
    var clouds = cloudNodes();
    return new Outbox.Clouds(
        clouds, clouds.stream().filter(suspects::contains).collect(Collectors.toSet()));
  }

  boolean isCloud(String node) {
    var peer = peers.get(node);
    return peer != null && peer.role() == Role.CLOUD;
  }

  List<LinkReport> reports() {
    return List.copyOf(reports.values());
  }

  private List<String> cloudNodes() {
    return peers.entrySet().stream()
        .filter(e -> e.getValue().role() == Role.CLOUD)
        .map(Map.Entry::getKey)
        .sorted(
            Comparator.comparing((String cloud) -> suspects.contains(cloud))
                .thenComparing(cloud -> cloud))
        .toList();
  }

  @CanIgnoreReturnValue
  private boolean look() {
    var now =
        reports.values().stream()
            .filter(LinkReport::suspect)
            .map(LinkReport::peer)
            .collect(Collectors.toCollection(TreeSet::new));
    boolean changed = !now.equals(suspects);
    if (changed) suspects = Set.copyOf(now);
    return lookForCloud() || changed;
  }

  private boolean lookForCloud() {
    if (role == Role.CLOUD) return false;
    var clouds = cloudNodes();
    boolean now = suspects.containsAll(clouds);
    if (now == offline) return false;
    offline = now;
    boolean first = clouds.isEmpty() || !now && !toldOffline;
    toldOffline = now && !first;
    if (!first)
      context
          .getLog()
          .info(
              now ? "no cloud node can be reached: {}" : "the cloud can be reached again: {}",
              clouds);
    return true;
  }
}
