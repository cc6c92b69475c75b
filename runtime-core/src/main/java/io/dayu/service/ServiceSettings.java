package io.dayu.service;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueType;
import io.dayu.settings.Section;
import io.dayu.source.HostRule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * The services of a node; {@code dayu.services} and {@code dayu.services-allowed-hosts}.
 *
 * @param declared in the order of their names
 * @param rules for what is declared over the API
 */
public record ServiceSettings(List<ServiceDeclaration> declared, Rules rules) {
  /** More would make a node's report, which goes to all nodes every second, too large. */
  private static final int MOST = 64;

  public ServiceSettings {
    declared = List.copyOf(declared);
    Objects.requireNonNull(rules, "rules");
  }

  /**
   * What this node allows of a service, wherever it is declared.
   *
   * @param hosts to which a url may lead
   * @param stageTimeout the longest timeout
   * @param commands whether one that is declared over the API may be a program, or be at a socket
   *     in the file system
   */
  record Rules(List<HostRule> hosts, Duration stageTimeout, boolean commands) {
    Rules {
      hosts = List.copyOf(hosts);
      Objects.requireNonNull(stageTimeout, "stageTimeout");
    }
  }

  /** Whether the configuration declares a service of this name, which then holds. */
  public boolean declares(String name) {
    return declared.stream().anyMatch(service -> service.name().equals(name));
  }

  /**
   * Reads the keys.
   *
   * @param dayu the section {@code dayu} of the configuration
   * @throws io.dayu.settings.ConfigurationException with all problems at once
   */
  public static ServiceSettings from(Config dayu) {
    return Section.read("dayu", dayu, section -> read(dayu, section));
  }

  private static ServiceSettings read(Config dayu, Section section) {
    var allowed = new ArrayList<HostRule>();
    for (var host : section.get("services-allowed-hosts", Config::getStringList, List.<String>of()))
      HostRule.parse(host)
          .ifPresentOrElse(
              allowed::add,
              () ->
                  section.problem(
                      "dayu.services-allowed-hosts has \"%s\"; write names (models.example, *.plant.example), addresses or networks (10.0.0.0/8), with a port where only one is meant"
                          .formatted(host)));
    var stageTimeout = stageTimeout(dayu);
    var rules =
        new Rules(
            allowed,
            stageTimeout,
            section.get("services-over-api.commands", Config::getBoolean, false));
    var declared = new ArrayList<ServiceDeclaration>();
    var services = section.get("services", Config::getConfig, dayu);
    if (services == dayu) return new ServiceSettings(declared, rules);
    var names = services.root().keySet().stream().sorted().toList();
    if (names.size() > MOST)
      section.problem(
          "dayu.services has %s services, at most %s are possible on one node; declare some at another node"
              .formatted(names.size(), MOST));
    for (var name : names) {
      var value = Objects.requireNonNull(services.root().get(name), "its name stands there");
      if (value.valueType() != ConfigValueType.OBJECT) {
        section.problem("dayu.services.%s must be an object: { url = … }".formatted(name));
        continue;
      }
      section
          .part(
              "dayu.services." + name,
              () -> ServiceDeclaration.from(name, ((ConfigObject) value).toConfig()))
          .ifPresent(
              declaration -> {
                refuseOthers(declaration, rules.hosts(), section);
                refuseLonger(declaration, stageTimeout, section);
                declared.add(declaration);
              });
    }
    return new ServiceSettings(declared, rules);
  }

  /** One that cannot be read is told of where it is used. */
  private static Duration stageTimeout(Config dayu) {
    try {
      return dayu.getDuration("process.stage-timeout");
    } catch (ConfigException e) {
      return Duration.ofDays(365);
    }
  }

  static void refuseOthers(
      ServiceDeclaration declaration, List<HostRule> allowed, Section section) {
    // A socket in the file system leads to no other host.
    if (!(declaration.place() instanceof ServiceDeclaration.At at) || at.url().getHost() == null)
      return;
    var host = at.url().getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", "");
    int port =
        at.url().getPort() >= 0
            ? at.url().getPort()
            : at.url().getScheme().equalsIgnoreCase("https") ? 443 : 80;
    boolean fits =
        allowed.stream()
            .anyMatch(
                rule ->
                    rule.names(host) && (rule.port().isEmpty() || rule.port().getAsInt() == port));
    if (!fits)
      section.problem(
          "dayu.services.%s.url leads to %s, which dayu.services-allowed-hosts does not name; add it there if elements may be sent to it"
              .formatted(declaration.name(), host));
  }

  static void refuseLonger(ServiceDeclaration declaration, Duration stageTimeout, Section section) {
    if (declaration.timeout().compareTo(stageTimeout) > 0)
      section.problem(
          "dayu.services.%s.timeout is %s ms, above dayu.process.stage-timeout, which is %s ms; lower the one or raise the other"
              .formatted(
                  declaration.name(), declaration.timeout().toMillis(), stageTimeout.toMillis()));
  }
}
