package io.dayu.cloud;

import com.typesafe.config.Config;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import io.dayu.settings.Section;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a cloud node is asked about the cluster; {@code dayu.management}.
 *
 * @param port 0 for any free one
 * @param names by which it may be asked beside addresses and the names of the nodes
 */
record ManagementSettings(String host, int port, Set<String> names) {
  private static final String PATH = "dayu.management";

  ManagementSettings {
    new Checks(PATH)
        .that(!host.isBlank(), "host", "is empty; write the address to bind")
        .host("host", host)
        .port("port", port)
        .enforce();
    host = HostPort.host(host);
    names = Set.copyOf(names);
  }

  /**
   * Reads the settings of a complete configuration.
   *
   * @throws ConfigurationException with all problems at once
   */
  static ManagementSettings from(Config root) {
    return Section.read(
        PATH,
        root.getConfig(PATH),
        section ->
            new ManagementSettings(
                section.text("host"), section.count("port"), names(section.text("names"))));
  }

  private static Set<String> names(String text) {
    return Stream.of(text.split(","))
        .map(name -> name.strip().toLowerCase(Locale.ROOT))
        .filter(name -> !name.isEmpty())
        .collect(Collectors.toUnmodifiableSet());
  }
}
