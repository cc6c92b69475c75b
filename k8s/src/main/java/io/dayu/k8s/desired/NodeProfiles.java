package io.dayu.k8s.desired;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.dayu.k8s.crd.NodeProfileResource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which profile holds on a node, and the file that its member reads when it starts: {@code dayu}
 * with the settings, {@code profile} with the name of where they come from, and since when they are
 * so. What a member runs with is told by that time: a pod that was made before has older settings.
 */
public final class NodeProfiles {
  /** The ConfigMap with a file for each node, which all members mount. */
  public static final String MAP = "dayu-node-profiles";

  /**
   * How long a kubelet may take to bring a changed ConfigMap to a pod that it starts. No pod is
   * deleted for a change before, or the next one would start with what it was.
   */
  public static final Duration SPREAD = Duration.ofSeconds(90);

  private static final ObjectMapper JSON = new ObjectMapper();

  private NodeProfiles() {}

  /** A NodeProfile as far as the choice needs it. */
  public record Profile(
      String name,
      Map<String, String> selector,
      int priority,
      Optional<String> hostPathPrefix,
      JsonNode settings) {
    public static Profile of(NodeProfileResource resource) {
      var spec = resource.getSpec();
      return new Profile(
          resource.getMetadata().getName(),
          spec.nodeSelector(),
          Optional.ofNullable(spec.priority()).orElse(0),
          Optional.ofNullable(spec.hostPathPrefix()),
          spec.settings());
    }
  }

  /**
   * @param profile that holds; empty if none fits, or if several do equally
   * @param rivals names of those between which nothing decides; else empty
   */
  public record Choice(Optional<Profile> profile, List<String> rivals) {}

  /** Of those that fit the one of the highest priority, and of these the one of most labels. */
  public static Choice of(Node node, Collection<Profile> all) {
    var order =
        Comparator.comparingInt(Profile::priority).thenComparingInt(p -> p.selector().size());
    var fitting = all.stream().filter(p -> Eligibility.selects(p.selector(), node)).toList();
    var first = fitting.stream().max(order);
    if (first.isEmpty()) return new Choice(Optional.empty(), List.of());
    var rivals =
        fitting.stream()
            .filter(p -> order.compare(p, first.get()) == 0)
            .map(Profile::name)
            .sorted()
            .toList();
    return rivals.size() > 1 ? new Choice(Optional.empty(), rivals) : new Choice(first, List.of());
  }

  /**
   * The file for a node: the present one where it says the same settings. Where no profile holds
   * any more a file without settings stays, by which members know that they have older ones.
   */
  public static Optional<String> file(
      Optional<String> present, Optional<Profile> profile, Instant now) {
    if (present.isEmpty() && profile.isEmpty()) return Optional.empty();
    JsonNode settings =
        profile.map(Profile::settings).orElseGet(JsonNodeFactory.instance::objectNode);
    if (present.filter(p -> read(p).path("dayu").equals(settings)).isPresent()) return present;
    return Optional.of(content(settings, profile.map(Profile::name), now));
  }

  /** The same as a node reads it. */
  public static String content(JsonNode settings, Optional<String> profile, Instant since) {
    var file = JSON.createObjectNode();
    file.put("since", since.truncatedTo(ChronoUnit.SECONDS).toString());
    profile.ifPresent(name -> file.put("profile", name));
    file.set("dayu", settings);
    return file.toString();
  }

  /** Since when the settings of a file are so; empty if it does not say. */
  public static Optional<Instant> since(String file) {
    var text = read(file).path("since").asText();
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
    } catch (java.time.format.DateTimeParseException e) {
      return Optional.empty();
    }
  }

  public static ConfigMap map(String namespace, Map<String, String> files) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(MAP)
        .withNamespace(namespace)
        .withLabels(Labels.made())
        .endMetadata()
        .withData(files)
        .build();
  }

  /** Nothing where somebody has written something else there. */
  private static JsonNode read(String file) {
    try {
      return JSON.readTree(file);
    } catch (JsonProcessingException e) {
      return JsonNodeFactory.instance.missingNode();
    }
  }
}
