package io.dayu.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeServiceName;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings of a node that somebody else keeps in a file for it, such as an operator for each node
 * of a DaemonSet, whose template is the same for all. They hold where neither the environment, a
 * system property nor another file says something else than the default. Pure but for {@link
 * #over}.
 *
 * <p>The file is JSON: {@code dayu} has the settings, and what stands beside it is for people.
 */
public final class Profile {
  private static final Logger LOG = LoggerFactory.getLogger(Profile.class);

  /** What a place may need of its own. Who a node is, and whom it trusts, is said elsewhere. */
  private static final List<String> ALLOWED =
      List.of(
          "node.site",
          "read",
          "models",
          "services",
          "services-allowed-hosts",
          "outbox",
          "failed",
          "memory",
          "process",
          "generate",
          "link",
          "monitor");

  private Profile() {}

  /** The name of the file for the member of a Kubernetes node. */
  public static String file(String kubernetesNode) {
    return NodeServiceName.member(kubernetesNode) + ".json";
  }

  /**
   * The configuration with what is in the node's file in {@code dayu.node.profiles}; as it is where
   * there is none.
   *
   * @throws ConfigurationException if the file cannot be used
   */
  static Config over(Config config) {
    var directory = config.getString("dayu.node.profiles");
    var kubernetes = config.getString("dayu.node.kubernetes-node");
    var name = kubernetes.isEmpty() ? config.getString("dayu.node.name") : kubernetes;
    if (directory.isEmpty() || name.isEmpty()) return config;
    var file = Path.of(directory, file(name));
    if (!Files.exists(file)) return config;
    var with = Section.read(file.toString(), config, section -> over(config, settings(read(file))));
    LOG.info("The profile in {} is in force", file);
    return with;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  /**
   * Whether a node can use this file, as far as that can be told elsewhere.
   *
   * @throws IllegalArgumentException with all problems, a line each
   */
  public static void verify(String file) {
    var someNode =
        ConfigFactory.parseString(
            "dayu { node.name = some-node, cluster.seeds = \"127.0.0.1:1\", keys.required = false }");
    var unused = NodeSettings.from(Role.EDGE, over(someNode.withFallback(usual()), settings(file)));
  }

  private static Config settings(String file) {
    try {
      // Nothing is included or substituted in JSON, so a file says only what stands in it.
      var all =
          ConfigFactory.parseString(
              file, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
      var dayu = all.hasPath("dayu") ? all.getConfig("dayu") : ConfigFactory.empty();
      for (var entry : dayu.entrySet()) {
        var key = entry.getKey();
        if (ALLOWED.stream().noneMatch(a -> key.equals(a) || key.startsWith(a + ".")))
          throw new IllegalArgumentException(
              "dayu.%s is nothing for a profile; it may have %s"
                  .formatted(key, String.join(", ", ALLOWED)));
      }
      return dayu.atPath("dayu");
    } catch (ConfigException e) {
      throw new IllegalArgumentException("cannot be read as JSON: " + e.getMessage(), e);
    }
  }

  private static Config over(Config config, Config settings) {
    var usual = usual();
    var with = config;
    for (var entry : settings.entrySet()) {
      var key = entry.getKey();
      boolean isSaid =
          config.hasPath(key)
              && !(usual.hasPath(key) && config.getValue(key).equals(usual.getValue(key)));
      if (!isSaid) with = with.withValue(key, entry.getValue());
    }
    return with;
  }

  /** What holds if nobody says anything. */
  private static Config usual() {
    return ConfigFactory.defaultReferenceUnresolved()
        .withOnlyPath("dayu")
        .resolve(ConfigResolveOptions.defaults().setUseSystemEnvironment(false));
  }
}
