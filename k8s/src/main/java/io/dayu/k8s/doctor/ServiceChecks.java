package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.desired.Labels;
import io.dayu.k8s.desired.Members;
import io.dayu.k8s.desired.Members.Member;
import io.dayu.k8s.desired.Members.Port;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** How members reach each other by names: Services, Endpoints, their mirrors, seeds. */
final class ServiceChecks {
  private static final String SERVICE_OF_SLICE = "kubernetes.io/service-name";
  private static final String MANAGEMENT_KEY = "DAYU_SEED_MANAGEMENT";
  private static final int MOST_SEEDS = 16;

  private ServiceChecks() {}

  /** Each member has a Service that EdgeMesh carries, with its ports. */
  static String services(View view, Findings findings) {
    for (var member : view.members()) {
      var name = NodeServiceName.service(member.node());
      var service = view.our(Service.class, name);
      if (service.isEmpty()) {
        findings.problem(name, "is missing; other members do not find it", mend(view));
        continue;
      }
      var spec = service.get().getSpec();
      if (spec.getSelector() != null && !spec.getSelector().isEmpty())
        findings.problem(
            name,
            "has a selector, so Kubernetes takes its address away when the pod is not ready",
            mend(view));
      if ("None".equals(spec.getClusterIP()))
        findings.problem(
            name,
            "is headless, which EdgeMesh does not carry",
            "kubectl -n %s delete service %s, then: %s"
                .formatted(view.namespace(), IT, mend(view)));
      var ports = new TreeMap<String, Integer>();
      spec.getPorts().forEach(p -> ports.put(String.valueOf(p.getName()), p.getPort()));
      lacking(member, ports)
          .ifPresent(lack -> findings.problem(name, "has not the ports " + lack, mend(view)));
    }
    return "each of %s members has one".formatted(view.members().size());
  }

  /** They lead to the node's address, at which EdgeMesh asks the agent of that node. */
  static String endpoints(View view, Findings findings) {
    for (var member : view.members()) {
      var name = NodeServiceName.service(member.node());
      var endpoints = view.our(Endpoints.class, name);
      if (member.address().isEmpty()) continue;
      if (endpoints.isEmpty()) {
        findings.problem(name, "are missing: connections are taken and end at once", mend(view));
        continue;
      }
      var addresses =
          endpoints.get().getSubsets().stream().flatMap(s -> s.getAddresses().stream()).toList();
      addresses(member, addresses).ifPresent(wrong -> findings.problem(name, wrong, mend(view)));
      var ports = new TreeMap<String, Integer>();
      endpoints.get().getSubsets().stream()
          .flatMap(s -> s.getPorts().stream())
          .forEach(p -> ports.put(String.valueOf(p.getName()), p.getPort()));
      lacking(member, ports)
          .ifPresent(lack -> findings.problem(name, "have not the ports " + lack, mend(view)));
    }
    return "each leads to its node's InternalIP";
  }

  private static Optional<String> addresses(Member member, List<EndpointAddress> addresses) {
    var address = member.address().orElseThrow();
    if (addresses.isEmpty())
      return Optional.of("have no address: connections are taken and end at once");
    for (var one : addresses) {
      if (!address.equals(one.getIp()))
        return Optional.of("lead to %s, the node is at %s".formatted(one.getIp(), address));
      if (!member.node().equals(one.getNodeName()))
        return Optional.of(
            "have the nodeName %s, so EdgeMesh asks another agent, or none"
                .formatted(one.getNodeName()));
    }
    return Optional.empty();
  }

  /** kube-proxy, on nodes without EdgeMesh, reads these in place of Endpoints. */
  static String slices(View view, Findings findings) {
    var slices =
        view.ours(EndpointSlice.class).stream()
            .collect(Collectors.groupingBy(s -> View.label(s, SERVICE_OF_SLICE).orElse("")));
    for (var member : view.members()) {
      var name = NodeServiceName.service(member.node());
      var endpoints = view.our(Endpoints.class, name);
      if (endpoints.isEmpty() || member.address().isEmpty()) continue;
      var is =
          slices.getOrDefault(name, List.of()).stream()
              .flatMap(s -> s.getEndpoints().stream())
              .flatMap(e -> e.getAddresses().stream())
              .collect(Collectors.toCollection(TreeSet::new));
      if (is.isEmpty())
        findings.problem(
            name,
            "no EndpointSlice mirrors its Endpoints, so kube-proxy leads nowhere",
            "is kube-controller-manager well, and has the label endpointslice.kubernetes.io/skip-mirror gone? kubectl -n %s describe endpoints %s"
                .formatted(view.namespace(), IT));
      else if (!is.equals(Set.of(member.address().get())))
        findings.problem(
            name,
            "its EndpointSlice leads to %s, the node is at %s"
                .formatted(String.join(", ", is), member.address().get()),
            "kubectl -n %s delete endpointslice -l %s=%s; it is made anew"
                .formatted(view.namespace(), SERVICE_OF_SLICE, IT));
    }
    return "each of the Endpoints has its mirror";
  }

  /** Services of nodes that are gone. */
  static String stale(View view, Findings findings) {
    var wanted =
        View.names(view.nodes()).stream().map(NodeServiceName::service).collect(Collectors.toSet());
    for (var service : view.ours(Service.class)) {
      var name = service.getMetadata().getName();
      if (!name.startsWith("node-")
          || !View.label(service, Labels.PART_OF).orElse("").equals("dayu")
          || wanted.contains(name)) continue;
      findings.hint(
          name,
          "belongs to a node that is not there",
          "if it is gone for good: ./dayu nodes remove NAME, take it out of the values, kubectl -n %s delete service,endpoints %s"
              .formatted(view.namespace(), IT));
    }
    return "none is left of a node that is gone";
  }

  /** Members join the cloud nodes that are there. */
  static String seeds(View view, Findings findings) {
    var map = view.our(ConfigMap.class, Members.SEEDS);
    if (map.isEmpty()) {
      findings.problem(
          Members.SEEDS, "is missing; pods that are started now wait for it", mend(view));
      return "";
    }
    var clouds =
        view.members().stream()
            .filter(Member::cloud)
            .collect(Collectors.toMap(m -> NodeServiceName.service(m.node()), m -> m));
    var data = Optional.ofNullable(map.get().getData()).orElse(Map.of());
    var seeds = data.getOrDefault(Members.SEEDS_KEY, "");
    compare(view, seeds, "tcp-artery", clouds, findings);
    var management = data.get(MANAGEMENT_KEY);
    if (management != null) compare(view, management, "http-management", clouds, findings);
    return seeds.split(",").length + " cloud nodes, all there";
  }

  private static void compare(
      View view, String list, String port, Map<String, Member> clouds, Findings findings) {
    var listed = new TreeSet<String>();
    for (var seed : list.split(",")) {
      var name = seed.split("[.:]", 2)[0];
      listed.add(name);
      var member = clouds.get(name);
      if (member == null) {
        findings.problem(
            Members.SEEDS,
            "names %s, which is no cloud node of this cluster".formatted(seed),
            mend(view));
        continue;
      }
      var begin = "%s.%s.svc.".formatted(name, view.namespace());
      var end = ":" + number(member, port).orElse(0);
      if (!seed.startsWith(begin) || !seed.endsWith(end))
        findings.problem(
            Members.SEEDS,
            "names %s; %s is at %s…%s".formatted(seed, port, begin, end),
            mend(view));
    }
    if (listed.size() < MOST_SEEDS)
      clouds.keySet().stream()
          .filter(name -> !listed.contains(name))
          .sorted()
          .forEach(
              name ->
                  findings.hint(
                      Members.SEEDS, "%s does not name %s".formatted(port, name), mend(view)));
  }

  private static Optional<Integer> number(Member member, String port) {
    return member.ports().stream().filter(p -> p.name().equals(port)).map(Port::number).findFirst();
  }

  /** Those of the member that are not among these; the API's port is only for whoever wants it. */
  private static Optional<String> lacking(Member member, Map<String, Integer> ports) {
    var lack =
        member.ports().stream()
            .filter(p -> !p.name().equals("http-api"))
            .filter(p -> !Integer.valueOf(p.number()).equals(ports.get(p.name())))
            .map(p -> p.name() + " " + p.number())
            .collect(Collectors.joining(", "));
    return lack.isEmpty() ? Optional.empty() : Optional.of(lack);
  }

  /** How to have made anew what the manifests, or the operator, make. */
  static String mend(View view) {
    return view.operator()
        ? "the operator makes it; does one lead, and what does its log say? kubectl -n %s logs -l app.kubernetes.io/component=node-cloud --prefix | grep -i operator"
            .formatted(view.namespace())
        : "names and addresses of nodes stand in your values: ./dayu k8s render --values FILE | kubectl apply -f -";
  }
}
