package io.dayu.source;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A challenge of Digest access authentication (RFC 7616, and RFC 2069 where a server names no
 * {@code qop}), and how often it was answered. Not thread-safe.
 */
final class Digest {
  static final String SCHEME = "Digest";
  private static final String SESSION = "-sess";

  /** As the server writes them, to the names of Java. */
  private static final Map<String, String> ALGORITHMS =
      Map.of("MD5", "MD5", "SHA-256", "SHA-256", "SHA-512-256", "SHA-512/256");

  private static final SecureRandom RANDOM = new SecureRandom();

  private final HttpChallenge challenge;
  private final String algorithm; // as the server writes it; empty if it does not
  private final MessageDigest hash;
  private final boolean counted; // qop=auth
  private int count;

  private Digest(HttpChallenge challenge, String algorithm, MessageDigest hash, boolean counted) {
    this.challenge = challenge;
    this.algorithm = algorithm;
    this.hash = hash;
    this.counted = counted;
  }

  /** Empty if it is another scheme, or of a kind that is not known here. */
  static Optional<Digest> of(HttpChallenge challenge) {
    if (!challenge.scheme().equalsIgnoreCase(SCHEME)) return Optional.empty();
    var qop = challenge.parameter("qop").toLowerCase(Locale.ROOT);
    boolean counted = Arrays.asList(qop.split("[\\s,]+")).contains("auth");
    if (!qop.isBlank() && !counted) return Optional.empty(); // auth-int
    var algorithm = challenge.parameter("algorithm");
    var name = algorithm.isEmpty() ? "MD5" : algorithm.toUpperCase(Locale.ROOT);
    if (name.endsWith("-SESS")) name = name.substring(0, name.length() - SESSION.length());
    var known = ALGORITHMS.get(name);
    if (known == null) return Optional.empty();
    try {
      return Optional.of(
          new Digest(challenge, algorithm, MessageDigest.getInstance(known), counted));
    } catch (NoSuchAlgorithmException e) {
      return Optional.empty();
    }
  }

  static String randomNonce() {
    var bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Whether the server only wants a newer nonce: user and password were right. */
  boolean stale() {
    return challenge.parameter("stale").equalsIgnoreCase("true");
  }

  /** Whether its nonce was answered more than once, so that it may have become too old. */
  boolean reused() {
    return count > 1;
  }

  /**
   * The header {@code Authorization}.
   *
   * @param target what the first line of the request names
   */
  String authorization(Login login, String method, String target, String clientNonce) {
    var realm = challenge.parameter("realm");
    var nonce = challenge.parameter("nonce");
    var nc = String.format(Locale.ROOT, "%08x", ++count);
    var secret = hex(joined(utf8(login.user() + ":" + realm + ":"), login.password()));
    if (algorithm.toLowerCase(Locale.ROOT).endsWith(SESSION))
      secret = hex(utf8(secret + ":" + nonce + ":" + clientNonce));
    var asked = hex(utf8(method + ":" + target));
    var middle = counted ? nonce + ":" + nc + ":" + clientNonce + ":auth" : nonce;
    var text =
        new StringBuilder(SCHEME)
            .append(user(login.user()))
            .append(", realm=")
            .append(quoted(realm))
            .append(", nonce=")
            .append(quoted(nonce))
            .append(", uri=")
            .append(quoted(target))
            .append(", response=")
            .append(quoted(hex(utf8(secret + ":" + middle + ":" + asked))));
    if (!algorithm.isEmpty()) text.append(", algorithm=").append(algorithm);
    if (counted)
      text.append(", qop=auth, nc=").append(nc).append(", cnonce=").append(quoted(clientNonce));
    var opaque = challenge.parameters().get("opaque");
    if (opaque != null) text.append(", opaque=").append(quoted(opaque));
    return text.toString();
  }

  private static String user(String user) {
    if (user.chars().allMatch(c -> c >= ' ' && c < 0x7f)) return " username=" + quoted(user);
    var escaped = new StringBuilder(" username*=UTF-8''");
    for (byte b : utf8(user)) {
      boolean plain = b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z';
      if (plain) escaped.append((char) b);
      else escaped.append(String.format(Locale.ROOT, "%%%02X", b & 0xff));
    }
    return escaped.toString();
  }

  private static String quoted(String text) {
    return "\"" + text.replaceAll("([\"\\\\])", "\\\\$1") + "\"";
  }

  private String hex(byte[] bytes) {
    return HexFormat.of().formatHex(hash.digest(bytes));
  }

  static byte[] joined(byte[] first, byte[] second) {
    var both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
