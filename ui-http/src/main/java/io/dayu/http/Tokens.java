package io.dayu.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/** The API tokens that are accepted, known by their hashes only. Immutable. */
public record Tokens(List<Token> tokens) {
  /** No tokens: an open interface. */
  public static final Tokens NONE = new Tokens(List.of());

  private static final Pattern FORM = Pattern.compile("(read|write|admin):([0-9a-fA-F]{64})");

  /** What a caller may do; each role includes the ones before it. */
  public enum Role {
    /** The page itself, which holds no data. */
    NOBODY,
    READ,
    /** Pipelines and nodes. */
    WRITE,
    /** What nodes call and run: services. */
    ADMIN
  }

  /**
   * @param sha256 of the token, in lower-case hex; tokens are random, so no salt is needed
   */
  public record Token(Role role, String sha256) {
    public Token {
      Objects.requireNonNull(role, "role");
      Objects.requireNonNull(sha256, "sha256");
    }
  }

  public Tokens {
    tokens = List.copyOf(tokens);
  }

  /** With one more, which may do everything; what is open stays open. */
  Tokens with(String token) {
    if (open()) return this;
    var all = new ArrayList<>(tokens);
    all.add(new Token(Role.values()[Role.values().length - 1], sha256(token)));
    return new Tokens(all);
  }

  static Optional<Token> parse(String text) {
    var match = FORM.matcher(text.strip());
    if (!match.matches()) return Optional.empty();
    return Optional.of(
        new Token(
            Role.valueOf(match.group(1).toUpperCase(Locale.ROOT)),
            match.group(2).toLowerCase(Locale.ROOT)));
  }

  boolean open() {
    return tokens.isEmpty();
  }

  /** The highest role of {@code token}; compares in constant time. */
  Role role(String token) {
    var hash = sha256(token).getBytes(StandardCharsets.US_ASCII);
    var best = Role.NOBODY;
    for (var known : tokens)
      if (MessageDigest.isEqual(hash, known.sha256().getBytes(StandardCharsets.US_ASCII))
          && known.role().compareTo(best) > 0) best = known.role();
    return best;
  }

  /** The hash of a token as it stands in the configuration. */
  static String sha256(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
