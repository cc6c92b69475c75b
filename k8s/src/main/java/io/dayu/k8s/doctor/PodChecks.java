package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import io.dayu.k8s.desired.Eligibility;
import io.dayu.k8s.desired.Members.Member;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Pods of members: there, started, ready, of the present template. */
final class PodChecks {
  /** So many starts of a container are no accident any more. */
  private static final int MANY = 3;

  /** A kubelet tells no more images than these. */
  private static final int IMAGES_TOLD = 50;

  private static final String GENERATION = "deprecated.daemonset.template.generation";
  private static final String POD_GENERATION = "pod-template-generation";

  private PodChecks() {}

  /** Each member's pod is there and ready. Of nodes that are away nothing can be said. */
  static String pods(View view, Findings findings) {
    int ready = 0;
    for (var member : view.members()) {
      var node = view.node(member.node()).orElseThrow();
      var pod = pod(view, member);
      if (!Eligibility.ready(node)) continue;
      if (pod.isEmpty())
        findings.problem(
            member.node(),
            "has no pod" + refusal(view),
            "kubectl -n %s describe daemonset".formatted(view.namespace()));
      else if (isReady(pod.get())) ready++;
      else unready(view, pod.get(), node, findings);
    }
    return ready + " ready";
  }

  /** The present one of a member, if one that ends is still there. */
  private static Optional<Pod> pod(View view, Member member) {
    return view.pods().stream()
        .filter(p -> member.node().equals(node(p)))
        .min(Comparator.comparing(p -> p.getMetadata().getDeletionTimestamp() != null));
  }

  /** The node on which it is, or is to be. */
  private static Optional<String> target(Pod pod) {
    return Optional.ofNullable(pod.getSpec().getNodeName()).or(() -> wanted(pod.getSpec()));
  }

  private static String node(Pod pod) {
    return target(pod).orElse("");
  }

  /** A pod of a DaemonSet waits for one node, which its affinity names. */
  private static Optional<String> wanted(PodSpec pod) {
    return Optional.ofNullable(pod.getAffinity())
        .map(a -> a.getNodeAffinity())
        .map(a -> a.getRequiredDuringSchedulingIgnoredDuringExecution())
        .flatMap(
            r ->
                r.getNodeSelectorTerms().stream()
                    .flatMap(t -> t.getMatchFields().stream())
                    .filter(f -> f.getKey().equals("metadata.name"))
                    .flatMap(f -> f.getValues().stream())
                    .findFirst());
  }

  static boolean isReady(Pod pod) {
    return pod.getStatus() != null
        && pod.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals("Ready") && c.getStatus().equals("True"));
  }

  private static void unready(View view, Pod pod, Node node, Findings findings) {
    var name = node.getMetadata().getName();
    var waiting = containers(pod).flatMap(PodChecks::waiting).findFirst();
    var unplaced =
        pod.getStatus().getConditions().stream()
            .filter(c -> c.getType().equals("PodScheduled") && c.getStatus().equals("False"))
            .findFirst();
    if (unplaced.isPresent())
      findings.problem(
          name,
          "pod waits for a place: " + unplaced.get().getMessage(),
          "room: kubectl describe node %s; free ports: another installation, or a program on the host (other ports in the values)"
              .formatted(IT));
    else if (waiting.isPresent()) waits(view, pod, node, waiting.get(), findings);
    else
      findings.problem(
          name,
          "node is ready and its pod is not"
              + end(pod).map(e -> "; it ended before: " + e).orElse(""),
          log(view, pod));
  }

  private static void waits(
      View view, Pod pod, Node node, ContainerStateWaiting waiting, Findings findings) {
    var name = node.getMetadata().getName();
    var reason = String.valueOf(waiting.getReason());
    var message = Optional.ofNullable(waiting.getMessage()).map(m -> ": " + m).orElse("");
    switch (reason) {
      case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull" -> {
        var image = images(pod.getSpec()).findFirst().orElse("");
        findings.problem(
            name,
            "%s %s%s".formatted(reason, image, has(node, image) ? " (the node has it)" : ""),
            "can the node reach the registry, and is the name right (images in the values)? Or bring it: ctr -n k8s.io images import FILE");
      }
      case "CrashLoopBackOff" ->
          findings.problem(
              name,
              "ends again and again: " + end(pod).orElse("it is not told how"),
              remedy(pod).orElseGet(() -> log(view, pod)));
      case "ContainerCreating", "PodInitializing" ->
          findings.problem(
              name,
              "pod waits" + event(view, pod).map(e -> ": " + e).orElse(", it is not told for what"),
              "docs/kubeedge.md, Troubleshooting, has what it may wait for: keys, Secrets, directories of the host");
      default ->
          findings.problem(
              name,
              reason + message,
              "kubectl -n %s describe pod %s"
                  .formatted(view.namespace(), pod.getMetadata().getName()));
    }
  }

  /** The pods that run and have been started anew. */
  static String restarts(View view, Findings findings) {
    for (var pod : view.pods()) {
      if (!isReady(pod)) continue;
      int restarts =
          containers(pod).mapToInt(c -> Optional.ofNullable(c.getRestartCount()).orElse(0)).sum();
      if (restarts >= MANY)
        findings.hint(
            node(pod),
            "was started anew %s times%s"
                .formatted(restarts, end(pod).map(e -> ", lately after: " + e).orElse("")),
            remedy(pod).orElseGet(() -> log(view, pod)));
    }
    return "none, or few";
  }

  /** Pods that were made from an older template: only the operator replaces them by itself. */
  static String revisions(View view, Findings findings) {
    for (var member : view.members()) {
      var set = view.daemonSet(member);
      var pod = pod(view, member);
      if (set.isEmpty() || pod.isEmpty() || !isOld(pod.get(), set.get())) continue;
      var node = view.node(member.node()).orElseThrow();
      var image = images(set.get().getSpec().getTemplate().getSpec()).findFirst().orElse("");
      boolean missing = !has(node, image) && node.getStatus().getImages().size() < IMAGES_TOLD;
      findings.hint(
          member.node(),
          missing
              ? "pod is of an older template, and the node has not yet got " + image
              : "pod is of an older template",
          (missing ? "bring the image first (ImagePrePullJob of KubeEdge); " : "")
              + (view.operator()
                  ? "the operator replaces it, or says why not: kubectl -n %s get memberrollouts -o wide"
                      .formatted(view.namespace())
                  : "kubectl -n %s delete pod %s, when its node is ready, one after the other"
                      .formatted(view.namespace(), pod.get().getMetadata().getName())));
    }
    return "all of the present template";
  }

  private static boolean isOld(Pod pod, DaemonSet set) {
    var annotations = set.getMetadata().getAnnotations();
    var now = annotations == null ? null : annotations.get(GENERATION);
    var was = View.label(pod, POD_GENERATION);
    if (now != null && was.isPresent()) return !was.get().equals(now);
    return !images(pod.getSpec())
        .toList()
        .equals(images(set.getSpec().getTemplate().getSpec()).toList());
  }

  /** Images that run, by the kind of member: versions that differ, and tags that were moved. */
  static String versions(View view, Findings findings) {
    var nodes = new TreeMap<String, TreeSet<String>>();
    var contents = new TreeMap<String, TreeSet<String>>();
    for (var pod : view.pods())
      for (var container : containers(pod).toList()) {
        if (!container.getName().equals("node")) continue;
        var image = container.getImage();
        nodes.computeIfAbsent(tag(image), t -> new TreeSet<>()).add(node(pod));
        if (container.getImageID() != null && !container.getImageID().isEmpty())
          contents.computeIfAbsent(image, i -> new TreeSet<>()).add(container.getImageID());
      }
    if (nodes.size() > 1)
      findings.hint(
          "",
          "members run " + String.join(" and ", nodes.keySet()),
          "end the upgrade (docs/kubeedge.md, Upgrade); CHANGELOG.md tells whether they understand each other. The fewer: "
              + String.join(
                  ", ",
                  nodes.values().stream()
                      .min(Comparator.comparingInt(TreeSet::size))
                      .orElseThrow()));
    contents.forEach(
        (image, ids) -> {
          if (ids.size() > 1)
            findings.hint(
                image,
                "is not the same on all nodes: the tag was moved",
                "give each build a tag of its own; an edge does not fetch what it has");
        });
    return nodes.isEmpty() ? "no pod runs" : "all members run " + nodes.firstKey();
  }

  private static String tag(String image) {
    var last = image.substring(image.lastIndexOf('/') + 1);
    int at = last.indexOf('@');
    if (at >= 0) return last.substring(at + 1);
    return last.contains(":") ? last.substring(last.indexOf(':') + 1) : "latest";
  }

  private static Stream<String> images(PodSpec pod) {
    return pod.getContainers().stream().map(c -> c.getImage());
  }

  private static boolean has(Node node, String image) {
    return node.getStatus().getImages().stream()
        .flatMap(i -> i.getNames().stream())
        .anyMatch(name -> full(name).equals(full(image)));
  }

  /** As container runtimes call it: docker.io stands for no registry. */
  private static String full(String image) {
    var first = image.split("/", 2)[0];
    boolean registry =
        image.contains("/")
            && (first.contains(".") || first.contains(":") || first.equals("localhost"));
    return registry ? image : "docker.io/" + (image.contains("/") ? image : "library/" + image);
  }

  private static Stream<ContainerStatus> containers(Pod pod) {
    if (pod.getStatus() == null) return Stream.of();
    return Stream.concat(
        pod.getStatus().getInitContainerStatuses().stream(),
        pod.getStatus().getContainerStatuses().stream());
  }

  private static Stream<ContainerStateWaiting> waiting(ContainerStatus status) {
    return Optional.ofNullable(status.getState()).map(ContainerState::getWaiting).stream();
  }

  /** How a container ended last. */
  private static Optional<ContainerStateTerminated> terminated(Pod pod) {
    return containers(pod)
        .flatMap(
            c ->
                Stream.of(Optional.ofNullable(c.getState()), Optional.ofNullable(c.getLastState())))
        .flatMap(state -> state.map(ContainerState::getTerminated).stream())
        .filter(t -> t.getExitCode() != 0)
        .findFirst();
  }

  private static Optional<String> end(Pod pod) {
    return terminated(pod)
        .map(t -> "OOMKilled".equals(t.getReason()) ? "OOMKilled" : "exit code " + t.getExitCode());
  }

  /** What exit codes of nodes ask for. */
  private static Optional<String> remedy(Pod pod) {
    return terminated(pod)
        .map(
            t ->
                "OOMKilled".equals(t.getReason())
                    ? "raise resources.cloud.memoryLimit or resources.edge.memoryLimit in the values"
                    : switch (t.getExitCode()) {
                      case 64 -> "args of the container must be empty: take them out of your patch";
                      case 75 ->
                          "another node has its name, or it was removed from the cluster: one node of a name; look at the network between cloud nodes";
                      case 78 ->
                          "settings are wrong, and its log names all with their keys: kubectl -n %s logs %s -c node"
                              .formatted(
                                  pod.getMetadata().getNamespace(), pod.getMetadata().getName());
                      default -> "";
                    })
        .filter(r -> !r.isEmpty());
  }

  private static String log(View view, Pod pod) {
    return "kubectl -n %s logs %s -c node --previous"
        .formatted(view.namespace(), pod.getMetadata().getName());
  }

  /** Why a DaemonSet makes no pods, such as Pod Security. */
  private static String refusal(View view) {
    return warnings(view, "DaemonSet", Optional.empty()).map(m -> ": " + m).orElse("");
  }

  private static Optional<String> event(View view, Pod pod) {
    return warnings(view, "Pod", Optional.of(pod.getMetadata().getName()));
  }

  /** The latest warning; nothing where events are not shown. */
  private static Optional<String> warnings(View view, String kind, Optional<String> name) {
    List<Event> events;
    try {
      events = view.ours(Event.class);
    } catch (NotSeen noRight) {
      return Optional.empty();
    }
    return events.stream()
        .filter(e -> "Warning".equals(e.getType()) && kind.equals(e.getInvolvedObject().getKind()))
        .filter(e -> name.isEmpty() || name.get().equals(e.getInvolvedObject().getName()))
        .max(Comparator.comparing(e -> String.valueOf(e.getLastTimestamp())))
        .map(Event::getMessage);
  }
}
