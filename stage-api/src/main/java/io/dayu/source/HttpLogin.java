package io.dayu.source;

import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A login as one HTTP server wants to see it: Basic (RFC 7617), or Digest (RFC 7616), which does
 * not send the password. What the server asked for last is remembered, so that later requests are
 * let in at once. Safe for any thread.
 */
public final class HttpLogin {
  private final Login login;
  private final Supplier<String> clientNonces;
  private boolean basic; // guarded by this, as all below
  private boolean asked; // by the server, for a login
  private Optional<Digest> digest = Optional.empty();

  /**
   * @param basicFirst whether Basic is sent before the server has asked for anything; otherwise the
   *     first request goes without a login
   */
  public HttpLogin(Login login, boolean basicFirst) {
    this(login, basicFirst, Digest::randomNonce);
  }

  HttpLogin(Login login, boolean basicFirst, Supplier<String> clientNonces) {
    this.login = login;
    this.basic = basicFirst;
    this.clientNonces = clientNonces;
  }

  /**
   * The header {@code Authorization} of the next request; empty if it has none.
   *
   * @throws SourceException permanent, if the server wants the password as it is and must not get
   *     it unencrypted
   */
  public synchronized Optional<String> authorization(String method, URI uri) {
    if (digest.isPresent())
      return Optional.of(
          digest.get().authorization(login, method, target(uri), clientNonces.get()));
    if (!basic) return Optional.empty();
    var refusal =
        login.refusal("https".equalsIgnoreCase(uri.getScheme()), String.valueOf(uri.getHost()));
    if (refusal.isEmpty()) return Optional.of("Basic " + basic());
    if (asked) throw new SourceException(refusal.get(), true, null);
    return Optional.empty(); // it may be content with Digest
  }

  /**
   * The server has refused a request with status 401.
   *
   * @param sent the header {@code Authorization} of that request
   * @param challenges its headers {@code WWW-Authenticate}
   * @return whether the request is to be sent again, with the {@link #authorization} that now holds
   */
  public synchronized boolean retry(Optional<String> sent, List<String> challenges) {
    var wants = HttpChallenge.of(challenges);
    asked = true;
    var wanted = wants.stream().flatMap(challenge -> Digest.of(challenge).stream()).findFirst();
    if (wanted.isPresent()) {
      boolean first = sent.filter(text -> text.startsWith(Digest.SCHEME)).isEmpty();
      // Many cameras do not say that a nonce has become too old.
      boolean old = wanted.get().stale() || digest.filter(Digest::reused).isPresent();
      digest = wanted;
      return first || old;
    }
    // Some cameras refuse without saying what they want.
    if (!wants.isEmpty() && wants.stream().noneMatch(HttpChallenge::isBasic)) return false;
    digest = Optional.empty();
    basic = true;
    return sent.filter(text -> text.startsWith("Basic")).isEmpty();
  }

  /**
   * In words why the server does not let us in, for a problem.
   *
   * @param challenges as for {@link #retry}
   */
  public static String refusal(boolean sent, List<String> challenges) {
    var asked = HttpChallenge.of(challenges);
    boolean known =
        asked.isEmpty()
            || asked.stream()
                .anyMatch(challenge -> challenge.isBasic() || Digest.of(challenge).isPresent());
    if (!known)
      return "it wants a login of the kind %s; Basic and Digest (MD5, SHA-256) can be given"
          .formatted(String.join(", ", asked.stream().map(HttpChallenge::kind).toList()));
    return sent
        ? "it refuses the user or the password"
        : "it wants a login: give %s=NAME, and user:password in the environment variable %s of the node"
            .formatted(Login.PARAMETER, Login.variable("NAME"));
  }

  /** What the first line of a request names. */
  private static String target(URI uri) {
    var path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }

  private String basic() {
    return Base64.getEncoder()
        .encodeToString(Digest.joined(Digest.utf8(login.user() + ":"), login.password()));
  }
}
