package io.dayu.k8s.reconcile;

import com.typesafe.config.Config;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Settings of the operator.
 *
 * @param namespace of the installation; nothing else is looked at but nodes
 * @param identity of this process among those that may lead
 * @param domain of the cluster's DNS
 * @param threads that reconcile
 * @param poll how often the pipelines of the runtime are looked at
 * @param absence after which the Service of a node that is gone is deleted: an edge that is
 *     registered anew keeps its address until then
 * @param lease how long a leader may be silent before another takes over
 * @param firstPort the first of {@code ports} ports on the hosts for the containers of services
 * @param alone whether its process does nothing else
 */
public record OperatorSettings(
    String namespace,
    String identity,
    String domain,
    int threads,
    Duration poll,
    Duration absence,
    Duration lease,
    int firstPort,
    int ports,
    boolean alone) {
  private static final String PATH = "dayu.operator";

  public OperatorSettings {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(domain, "domain");
    Objects.requireNonNull(poll, "poll");
    Objects.requireNonNull(absence, "absence");
    Objects.requireNonNull(lease, "lease");
    if (threads < 1)
      throw new IllegalArgumentException("threads must be 1 or more, was " + threads);
    if (firstPort < 1024 || ports < 2 || firstPort + ports > 65_536)
      throw new IllegalArgumentException(
          "ports for services must lie between 1024 and 65535, were %s and %s more"
              .formatted(firstPort, ports));
  }

  /** As an installation has them unless it says otherwise. */
  public static OperatorSettings of(String namespace, String identity) {
    return new OperatorSettings(
        namespace,
        identity,
        "cluster.local",
        4,
        Duration.ofSeconds(2),
        Duration.ofMinutes(10),
        Duration.ofSeconds(15),
        26_000,
        4_000,
        false);
  }

  /**
   * Reads {@code dayu.operator} of a complete configuration; empty where it is not enabled.
   *
   * @param identity of this process among those that may lead
   * @throws ConfigurationException with all problems at once
   */
  public static Optional<OperatorSettings> from(Config root, String identity) {
    var config = root.getConfig(PATH);
    return Section.read(
        PATH,
        config,
        section -> {
          if (!section.get("enabled", Config::getBoolean, false)) return Optional.empty();
          var usual = of(section.text("namespace"), identity);
          var ports = section.get("service-ports", OperatorSettings::range, usual.range());
          return Optional.of(
              new OperatorSettings(
                  usual.namespace(),
                  identity,
                  section.text("cluster-domain"),
                  usual.threads(),
                  usual.poll(),
                  section.duration("absence"),
                  usual.lease(),
                  ports.first(),
                  ports.number(),
                  false));
        });
  }

  private record Range(int first, int number) {}

  private Range range() {
    return new Range(firstPort, ports);
  }

  private static Range range(Config config, String key) {
    var text = config.getString(key);
    if (!text.matches("[0-9]{4,5}-[0-9]{4,5}"))
      throw new IllegalArgumentException("is \"%s\"; write it as 26000-29999".formatted(text));
    int dash = text.indexOf('-');
    int first = Integer.parseInt(text.substring(0, dash));
    return new Range(first, Integer.parseInt(text.substring(dash + 1)) - first + 1);
  }
}
