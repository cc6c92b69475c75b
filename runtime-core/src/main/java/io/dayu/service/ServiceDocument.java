package io.dayu.service;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import io.dayu.facts.NodeReport.Role;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A service as it is declared over the API: the keys of {@code dayu.services.NAME} as a JSON
 * object, and which nodes it is for: {@code nodes}, a list of names, or {@code role}, {@code edge}
 * or {@code cloud}; without either it is for all. With {@code load: on-demand} it is started there
 * only where it is wanted, and {@code not-on} tells of which nodes it cannot be. While a {@code
 * url} is on trial, {@code fallback} is the address that is called with what it cannot do.
 */
public final class ServiceDocument {
  /** As each of them is told to all nodes. */
  public static final int MAX_BYTES = 16 << 10;

  private static final String NODES = "nodes";
  private static final String ROLE = "role";
  private static final String LOAD = "load";
  private static final String NOT_ON = "not-on";
  private static final String ON_DEMAND = "on-demand";
  private static final String FALLBACK = "fallback";
  private static final String URL = "url";

  /**
   * @param fallback the same service at its other address
   */
  record Declared(ServiceDeclaration declaration, Optional<ServiceDeclaration> fallback) {}

  private ServiceDocument() {}

  /**
   * Checks a document, by the rules for configuration and those of the node that is asked.
   *
   * @throws ConfigurationException with all problems at once; see {@link #words}
   */
  public static void check(String name, String json, ServiceSettings settings) {
    var unused = read(name, json, settings);
  }

  /**
   * Reads and checks a document, by the rules for configuration and those of the node that is
   * asked.
   *
   * @throws ConfigurationException with all problems at once, each beginning with the name
   */
  static Declared read(String name, String json, ServiceSettings settings) {
    var document = tree(name, json);
    return Section.read(name, document, section -> read(name, section, document, settings.rules()));
  }

  private static Declared read(
      String name, Section section, Config document, ServiceSettings.Rules rules) {
    var nodes = new TreeSet<String>();
    if (document.hasPath(NODES))
      nodes.addAll(section.get(NODES, Config::getStringList, List.of("?")));
    if (document.hasPath(ROLE)) checkRole(name, section);
    if (document.hasPath(NODES) && document.hasPath(ROLE))
      section.problem(
          name + " has both nodes and role; name the nodes, or the role of all of them");
    else if (document.hasPath(NODES) && nodes.isEmpty())
      section.problem(name + ".nodes is empty; leave it out for all nodes, or delete the service");
    boolean isOnDemand = checkLoad(name, section, document);
    var own =
        document
            .withoutPath(NODES)
            .withoutPath(ROLE)
            .withoutPath(LOAD)
            .withoutPath(NOT_ON)
            .withoutPath(FALLBACK);
    var declaration = section.part(name, () -> ServiceDeclaration.from(name, own));
    // What is wrong with the rest was told already.
    var fallback =
        declaration.isPresent() && document.hasPath(FALLBACK)
            ? section.part(
                name,
                () ->
                    ServiceDeclaration.from(name, own.withValue(URL, document.getValue(FALLBACK))))
            : Optional.<ServiceDeclaration>empty();
    fallback.ifPresent(other -> ServiceSettings.refuseOthers(other, rules.hosts(), section));
    declaration.ifPresent(
        declared -> {
          ServiceSettings.refuseOthers(declared, rules.hosts(), section);
          ServiceSettings.refuseLonger(declared, rules.stageTimeout(), section);
          if (!rules.commands()) refusePrograms(declared, section);
        });
    // With a problem this is not returned.
    var read = declaration.orElse(ServiceDeclaration.NONE);
    return new Declared(
        isOnDemand ? read.loadedOnDemand() : read,
        fallback.filter(other -> !declaration.equals(Optional.of(other))));
  }

  /** To declare a service must not be a way to run a program, nor to reach one of the machine's. */
  private static void refusePrograms(ServiceDeclaration declared, Section section) {
    var name = declared.name();
    if (declared.place() instanceof ServiceDeclaration.Program)
      section.problem(
          name
              + ".command is not taken over the API, since dayu.services-over-api.commands is false at this node; declare it in the node's configuration, give the url of one that runs, or set that key to true at the cloud nodes and at those that are to start it");
    else if (declared.place() instanceof ServiceDeclaration.At at && at.url().getHost() == null)
      section.problem(
          name
              + ".url leads to a socket in the file system, which is not taken over the API while dayu.services-over-api.commands is false at this node; use a port of 127.0.0.1");
  }

  private static void checkRole(String name, Section section) {
    var word = section.text(ROLE);
    for (var role : Role.values()) if (word(role).equals(word)) return;
    section.problem("%s.role is \"%s\"; write edge or cloud".formatted(name, word));
  }

  /** Returns whether it is loaded on demand. */
  private static boolean checkLoad(String name, Section section, Config document) {
    var load = document.hasPath(LOAD) ? section.text(LOAD) : "always";
    if (!load.equals("always") && !load.equals(ON_DEMAND))
      section.problem("%s.load is \"%s\"; write always or %s".formatted(name, load, ON_DEMAND));
    if (load.equals(ON_DEMAND) && document.hasPath("command"))
      section.problem(
          "%s.load is %s, which is for a url; a command is run by its node all the time"
              .formatted(name, ON_DEMAND));
    if (document.hasPath(NOT_ON)) checkNotOn(name, section, document, load);
    return load.equals(ON_DEMAND);
  }

  private static void checkNotOn(String name, Section section, Config document, String load) {
    if (!load.equals(ON_DEMAND))
      section.problem("%s.%s is for load: %s".formatted(name, NOT_ON, ON_DEMAND));
    boolean texts =
        document.getValue(NOT_ON).valueType() == ConfigValueType.OBJECT
            && document.getObject(NOT_ON).values().stream()
                .allMatch(why -> why.valueType() == ConfigValueType.STRING);
    if (!texts)
      section.problem(
          "%s.%s is no object of texts; write {\"edge-2\": \"why it cannot be there\"}"
              .formatted(name, NOT_ON));
  }

  /**
   * What a document that was accepted says of a service that is loaded on demand; empty for others,
   * and for one that cannot be read.
   */
  public static Optional<OnDemand> onDemand(String json) {
    // It is asked for often, and most documents do not have the word.
    if (!json.contains(ON_DEMAND)) return Optional.empty();
    try {
      var document = tree("", json);
      if (!document.hasPath(LOAD) || !document.getString(LOAD).equals(ON_DEMAND))
        return Optional.empty();
      var notOn = new TreeMap<String, String>();
      if (document.hasPath(NOT_ON))
        document
            .getObject(NOT_ON)
            .forEach((node, why) -> notOn.put(node, String.valueOf(why.unwrapped())));
      return Optional.of(
          new OnDemand(
              document.hasPath(NODES) ? Set.copyOf(document.getStringList(NODES)) : Set.of(),
              document.hasPath(ROLE)
                  ? Optional.of(Role.valueOf(document.getString(ROLE).toUpperCase(Locale.ROOT)))
                  : Optional.empty(),
              notOn));
    } catch (ConfigException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  /** By Jackson, which bounds depth and numbers; keys are names, and no paths. */
  private static Config tree(String name, String json) {
    var checks = new Section(name, ConfigFactory.empty());
    if (json.length() > MAX_BYTES)
      checks.problem(
          "%s has %s characters, at most %s are possible"
              .formatted(name, json.length(), MAX_BYTES));
    checks.enforce();
    try {
      if (Json.plain(json.getBytes(StandardCharsets.UTF_8)) instanceof Map<?, ?> tree) {
        var named = new HashMap<String, Object>();
        tree.forEach((key, value) -> named.put(String.valueOf(key), value));
        return ConfigValueFactory.fromMap(named).toConfig();
      }
      checks.problem(name + " is no JSON object; write {\"url\": \"http://127.0.0.1:9000/\"}");
    } catch (IOException | ConfigException e) {
      checks.problem(name + " is no JSON that can be read: " + firstLine(e));
    }
    checks.enforce();
    throw new IllegalStateException("a problem was told");
  }

  private static String firstLine(Exception e) {
    return Objects.requireNonNullElse(e.getMessage(), "").lines().findFirst().orElse("");
  }

  /**
   * Whether a node is to have it, by a document that was accepted; rules, which differ from node to
   * node, are not asked. One that cannot be read is for nobody.
   */
  public static boolean isFor(String json, String node, Role role) {
    try {
      var document = tree("", json);
      return (!document.hasPath(NODES) || document.getStringList(NODES).contains(node))
          && (!document.hasPath(ROLE) || document.getString(ROLE).equals(word(role)));
    } catch (ConfigurationException | ConfigException e) {
      return false;
    }
  }

  /** What is wrong, as the author of a document knows its keys. */
  public static String words(String name, ConfigurationException problems) {
    return String.valueOf(problems.getMessage()).replace("dayu.services." + name, name);
  }
}
