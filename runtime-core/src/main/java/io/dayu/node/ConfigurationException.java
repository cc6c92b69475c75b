package io.dayu.node;

import java.util.List;

/** A configuration that cannot be used; the message lists every problem on a line of its own. */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigurationException(List<String> problems) {
    super(String.join("\n", problems));
  }
}
