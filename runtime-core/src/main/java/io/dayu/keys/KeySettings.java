package io.dayu.keys;

import com.typesafe.config.Config;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import io.dayu.settings.Section;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which keys a node uses towards other nodes; {@code dayu.keys}.
 *
 * @param keys none on a machine of its own
 * @param required whether ports that others reach stay closed without keys
 */
public record KeySettings(Optional<NodeKeys> keys, boolean required) {
  /**
   * Reads the section and the keys.
   *
   * @throws ConfigurationException with all problems at once
   */
  public static KeySettings from(Config config) {
    return Section.read(
        "dayu.keys",
        config,
        section ->
            new KeySettings(keys(section), section.get("required", Config::getBoolean, true)));
  }

  private static Optional<NodeKeys> keys(Section section) {
    var directory = section.text("directory");
    if (directory.isEmpty()) return Optional.empty();
    try {
      return Optional.of(NodeKeys.open(Path.of(directory)));
    } catch (KeysException e) {
      section.problem("dayu.keys.directory: " + e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * What keeps a port from being opened there.
   *
   * @param key where the address stands in the configuration
   */
  public Optional<String> conflict(String key, String host) {
    if (keys.isPresent() || !required || HostPort.isLoopback(host)) return Optional.empty();
    return Optional.of(
        "%s is %s, where others reach it, and there are no keys: make some with dayu keys and set dayu.keys.directory (DAYU_KEYS); or set dayu.keys.required = false (DAYU_KEYS_REQUIRED) where only nodes can reach the port"
            .formatted(key, host));
  }
}
