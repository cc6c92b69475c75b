package io.dayu.read;

import io.dayu.source.SourceException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** User and password; never shown. */
final class Login {
  static final String PARAMETER = "credentials";

  final String user;
  final byte[] password;

  Login(String user, byte[] password) {
    this.user = user;
    this.password = password;
  }

  /** Only variables of this kind, so that a pipeline cannot send others to a host of its own. */
  static String variable(String credentials) {
    return "DAYU_CREDENTIALS_" + credentials.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  /**
   * @param environment of the node, to look them up in
   * @throws SourceException permanent, if they are not there
   */
  static Login of(String credentials, UnaryOperator<String> environment) {
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
  static Optional<Login> of(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? Optional.empty()
        : Optional.of(
            new Login(
                text.substring(0, colon),
                text.substring(colon + 1).getBytes(StandardCharsets.UTF_8)));
  }
}
