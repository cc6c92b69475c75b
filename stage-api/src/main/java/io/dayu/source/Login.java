package io.dayu.source;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * User and password for whatever a source reads from. They are never shown, nor a part of the
 * pipeline: the node that reads has them in its environment.
 */
public final class Login {
  /** The parameter of a URI that names the variable. */
  public static final String PARAMETER = "credentials";

  private final String user;
  private final byte[] password;

  private Login(String user, byte[] password) {
    this.user = user;
    this.password = password;
  }

  /** Only variables of this kind, so that a pipeline cannot send others to a host of its own. */
  public static String variable(String credentials) {
    return "DAYU_CREDENTIALS_" + credentials.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  /**
   * @param environment of the node, to look them up in
   * @throws SourceException permanent, if they are not there
   */
  public static Login of(String credentials, UnaryOperator<String> environment) {
    var variable = variable(credentials);
    return of(Optional.ofNullable(environment.apply(variable)).orElse(""))
        .orElseThrow(
            () ->
                new SourceException(
                    "the environment variable %s of this node is to hold user:password"
                        .formatted(variable),
                    true,
                    null));
  }

  /**
   * @param text {@code user:password}
   */
  public static Optional<Login> of(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? Optional.empty()
        : Optional.of(
            new Login(
                text.substring(0, colon),
                text.substring(colon + 1).getBytes(StandardCharsets.UTF_8)));
  }

  public String user() {
    return user;
  }

  /** In UTF-8. */
  public byte[] password() {
    return password.clone();
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "Login[" + user + "]";
  }
}
