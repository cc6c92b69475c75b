package io.dayu.source;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * User and password for whatever a source reads from. They are never shown, nor a part of the
 * pipeline: the node that reads has them in its environment.
 */
public final class Login {
  /** The parameter of a URI that names the variable. */
  public static final String PARAMETER = "credentials";

  private static final Pattern LOOPBACK = Pattern.compile("127(\\.\\d{1,3}){3}");
  private static final String HOSTS = "_HOSTS";
  private static final String PLAIN = "_PLAIN";

  private final String user;
  private final byte[] password;
  private final Optional<String> plain; // the variable that lets it go out unencrypted and does not

  private Login(String user, byte[] password, Optional<String> plain) {
    this.user = user;
    this.password = password;
    this.plain = plain;
  }

  /** Only variables of this kind, so that a pipeline cannot send others to a host of its own. */
  public static String variable(String credentials) {
    return "DAYU_CREDENTIALS_" + credentials.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  /**
   * The login of that name, if it is for the host that a source reads from. The variable {@code
   * DAYU_CREDENTIALS_NAME_HOSTS} says for which ones it is: see {@link HostRule}, compared with the
   * host as it stands in the uri.
   *
   * @param environment of the node, to look them up in
   * @throws SourceException permanent, if there is none, or it is for other hosts
   */
  public static Login of(String credentials, URI to, UnaryOperator<String> environment) {
    var variable = variable(credentials);
    if (variable.endsWith(HOSTS) || variable.endsWith(PLAIN))
      throw wrong("%s=%s names no credentials".formatted(PARAMETER, credentials));
    var login =
        read(variable, environment)
            .flatMap(Login::of)
            .orElseThrow(
                () ->
                    wrong(
                        "the environment variable %s of this node is to hold user:password"
                            .formatted(variable)));
    if (!(Target.of(to) instanceof Target.Host host))
      throw wrong("source %s names no host for a login".formatted(ShownUri.of(to)));
    if (!isFor(host, variable, environment))
      throw wrong(
          "%s=%s is not for %s: the environment variable %s of this node names the hosts that may get this login, as in \"%s\""
              .formatted(PARAMETER, credentials, host.name(), variable + HOSTS, host.name()));
    boolean goesPlain =
        read(variable + PLAIN, environment).filter(text -> text.equals("true")).isPresent();
    return new Login(
        login.user, login.password, goesPlain ? Optional.empty() : Optional.of(variable + PLAIN));
  }

  private static boolean isFor(
      Target.Host host, String variable, UnaryOperator<String> environment) {
    return read(variable + HOSTS, environment).stream()
        .flatMap(text -> Arrays.stream(text.split(",")))
        .map(
            entry ->
                HostRule.parse(entry)
                    .orElseThrow(
                        () ->
                            wrong(
                                "\"%s\" in the environment variable %s of this node is no host; write names, addresses or networks, each with a port where only one is meant"
                                    .formatted(entry.strip(), variable + HOSTS))))
        .anyMatch(rule -> rule.fits(host) && rule.names(host.name()));
  }

  private static Optional<String> read(String variable, UnaryOperator<String> environment) {
    return Optional.ofNullable(environment.apply(variable)).filter(text -> !text.isBlank());
  }

  private static SourceException wrong(String message) {
    return new SourceException(message, true, null);
  }

  /**
   * One that stands in the pipeline itself, and so is for whatever host that names.
   *
   * @param text {@code user:password}
   */
  public static Optional<Login> of(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? Optional.empty()
        : Optional.of(
            new Login(
                text.substring(0, colon),
                text.substring(colon + 1).getBytes(StandardCharsets.UTF_8),
                Optional.empty()));
  }

  /**
   * Why the password must not be sent there, in words with a remedy; empty if it may. Unencrypted
   * it goes to this machine itself, and elsewhere only if the node says so.
   *
   * @param encrypted whether the connection is
   */
  public Optional<String> refusal(boolean encrypted, String host) {
    if (encrypted || isThisMachine(host)) return Optional.empty();
    return plain.map(
        variable ->
            "the password would go to %s unencrypted: let the source use TLS, or set the environment variable %s=true of this node"
                .formatted(host, variable));
  }

  private static boolean isThisMachine(String host) {
    return host.equalsIgnoreCase("localhost")
        || host.equals("[::1]")
        || host.equals("::1")
        || LOOPBACK.matcher(host).matches();
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
