package io.dayu.http;

import io.dayu.http.Tokens.Role;
import java.net.URI;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Which requests are accepted. With tokens: those that have one. Without tokens the interface is
 * bound to loopback and open to this machine, but not to foreign web pages in this machine's
 * browsers: their requests have a foreign {@code Host} (a name that was made to point here) or
 * {@code Origin}.
 */
final class AccessCheck {
  private static final String REMEDY =
      "set dayu.http.tokens and send a token as Authorization: Bearer";
  private final Tokens tokens;
  private final String boundTo;
  private final Guesses guesses = new Guesses(System.nanoTime());

  AccessCheck(HttpSettings settings) {
    this.tokens = settings.tokens();
    this.boundTo = settings.host();
  }

  void checkOrigin(HttpRequest request) {
    if (!tokens.open()) return;
    var host = request.getUri().getHost().address().toLowerCase(Locale.ROOT);
    if (!host.isEmpty() && !local(host) && !host.equals(boundTo))
      throw Problem.of(
              421,
              "this server answers to localhost only, and was asked as " + host,
              "use http://localhost, or " + REMEDY)
          .refused();
    var origin = request.getHeader("Origin").map(HttpHeader::value);
    if (origin.isPresent() && !sameAuthority(origin.get(), request))
      throw Problem.of(
              403,
              "a page of " + origin.get() + " may not use this server",
              "use the page of this server, or " + REMEDY)
          .refused();
  }

  /** A caller who may do what is asked for is known from then on. */
  void checkRole(HttpRequest request, Role needed, Callers.Caller caller) {
    if (tokens.open()) caller.known();
    if (tokens.open() || needed == Role.NOBODY) return;
    var header = request.getHeader("Authorization").map(HttpHeader::value).orElse("");
    var role =
        header.regionMatches(true, 0, "Bearer ", 0, 7)
            ? tokens.role(header.substring(7).strip())
            : Role.NOBODY;
    if (role != Role.NOBODY) caller.known();
    if (role == Role.NOBODY && !header.isEmpty()) {
      var seconds = guesses.wrong(caller.address(), System.nanoTime());
      if (seconds > 0)
        throw Problem.of(
                429,
                "too many requests from your address had a token that is not known here",
                "send a token whose hash is in dayu.http.tokens; it is taken at once")
            .refusedFor(seconds);
    }
    if (role == Role.NOBODY)
      throw Problem.of(
              401,
              header.isEmpty() ? "this needs a token" : "this token is not known here",
              "send a token whose hash is in dayu.http.tokens as Authorization: Bearer")
          .refused();
    if (role.compareTo(needed) < 0 && needed == Role.ADMIN)
      throw Problem.of(
              403,
              "this token has the role %s, and services are declared with the role admin"
                  .formatted(role.name().toLowerCase(Locale.ROOT)),
              "use a token whose hash stands in dayu.http.tokens as admin:HASH")
          .refused();
    if (role.compareTo(needed) < 0)
      throw Problem.of(
              403, "this token may read only", "use a token with the role write for changes")
          .refused();
  }

  private static boolean local(String host) {
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || host.matches("127\\.[0-9.]+")
        || host.equals("::1")
        || host.equals("0:0:0:0:0:0:0:1");
  }

  private static boolean sameAuthority(String origin, HttpRequest request) {
    try {
      var authority = URI.create(origin).getAuthority();
      return authority != null
          && authority.equalsIgnoreCase(
              request.getHeader("Host").map(HttpHeader::value).orElse(""));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
