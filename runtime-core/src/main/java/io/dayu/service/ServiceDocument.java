package io.dayu.service;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
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
import java.util.TreeSet;

/**
 * A service as it is declared over the API: the keys of {@code dayu.services.NAME} as a JSON
 * object, and which nodes it is for: {@code nodes}, a list of names, or {@code role}, {@code edge}
 * or {@code cloud}; without either it is for all.
 */
public final class ServiceDocument {
  /** As each of them is told to all nodes. */
  public static final int MAX_BYTES = 16 << 10;

  private static final String NODES = "nodes";
  private static final String ROLE = "role";

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
  static ServiceDeclaration read(String name, String json, ServiceSettings settings) {
    var document = tree(name, json);
    return Section.read(name, document, section -> read(name, section, document, settings.rules()));
  }

  private static ServiceDeclaration read(
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
    var declaration =
        section.part(
            name,
            () -> ServiceDeclaration.from(name, document.withoutPath(NODES).withoutPath(ROLE)));
    declaration.ifPresent(
        declared -> {
          ServiceSettings.refuseOthers(declared, rules.hosts(), section);
          ServiceSettings.refuseLonger(declared, rules.stageTimeout(), section);
          if (!rules.commands()) refusePrograms(declared, section);
        });
    // With a problem this is not returned.
    return declaration.orElse(ServiceDeclaration.NONE);
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
