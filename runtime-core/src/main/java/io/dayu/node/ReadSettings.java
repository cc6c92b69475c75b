package io.dayu.node;

import com.typesafe.config.Config;
import io.dayu.facts.Readable;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.Section;
import io.dayu.source.HostRule;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What pipelines may read on this node, where others than the machine's own user can submit them;
 * {@code dayu.read}.
 *
 * @param files directories; absolute paths
 * @param hosts see {@link HostRule}
 */
public record ReadSettings(List<String> files, List<String> hosts) {
  public ReadSettings {
    var checks = new Checks("dayu.read");
    for (var file : files)
      checks.that(
          Path.of(file).isAbsolute(),
          "files",
          "has \"%s\"; write absolute paths of directories, separated by commas".formatted(file));
    for (var host : hosts)
      checks.that(
          HostRule.parse(host).isPresent(),
          "hosts",
          "has \"%s\"; write names (cam.example, *.plant.example), addresses or networks (10.0.0.0/8), with a port where only one is meant (broker.example:8883, [fd00::]/8:1883), separated by commas"
              .formatted(host));
    checks.enforce();
    files = List.copyOf(files);
    hosts = List.copyOf(hosts);
  }

  /**
   * Reads the section.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static ReadSettings from(Config config) {
    return Section.read(
        "dayu.read",
        config,
        section -> new ReadSettings(list(section.text("files")), list(section.text("hosts"))));
  }

  /** As other nodes hear of it. */
  public Readable readable() {
    return new Readable(files, hosts);
  }

  private static List<String> list(String text) {
    return Arrays.stream(text.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }
}
