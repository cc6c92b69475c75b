package io.dayu.node;

import com.typesafe.config.ConfigException;
import java.util.List;
import java.util.StringJoiner;

/** A configuration that cannot be used; the message lists every problem on a line of its own. */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigurationException(List<String> problems) {
    super(String.join("\n", problems));
  }

  /** What is wrong with a value, without the list of all files that were merged to find it. */
  public static String reason(RuntimeException error) {
    if (error instanceof ConfigException.ValidationFailed all) {
      var problems = new StringJoiner("\n");
      all.problems().forEach(p -> problems.add(p.path() + ": " + p.problem()));
      return problems.toString();
    }
    var message = String.valueOf(error.getMessage());
    if (!(error instanceof ConfigException config) || config.origin() == null) return message;
    var origin = config.origin().description() + ": ";
    return message.startsWith(origin) ? message.substring(origin.length()) : message;
  }
}
