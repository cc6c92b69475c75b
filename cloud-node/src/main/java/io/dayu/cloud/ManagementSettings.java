package io.dayu.cloud;

import com.typesafe.config.Config;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import io.dayu.settings.Section;

/**
 * Where a cloud node is asked about the cluster; {@code dayu.management}.
 *
 * @param port 0 for any free one
 */
record ManagementSettings(String host, int port) {
  private static final String PATH = "dayu.management";

  ManagementSettings {
    new Checks(PATH)
        .that(!host.isBlank(), "host", "is empty; write the address to bind")
        .host("host", host)
        .port("port", port)
        .enforce();
    host = HostPort.host(host);
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
        section -> new ManagementSettings(section.text("host"), section.count("port")));
  }
}
