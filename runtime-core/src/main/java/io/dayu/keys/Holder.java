package io.dayu.keys;

import io.dayu.facts.NodeName;
import io.dayu.facts.NodeReport.Role;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whom a certificate is for. It stands there as a DNS name among the subject's alternative names,
 * {@code edge-1.edge.dayu.internal} or {@code cloud-1.cloud.dayu.internal}, because every authority
 * can issue one. Nobody resolves it.
 */
public record Holder(String node, Role role) {
  private static final String DOMAIN = ".dayu.internal";
  private static final int DNS_NAME = 2; // of GeneralName, RFC 5280
  private static final int LONGEST_SUBJECT = 100;
  private static final Pattern UNPRINTABLE = Pattern.compile("[^ -~]");

  public Holder {
    if (!NodeName.isName(node))
      throw new IllegalArgumentException(
          "\"%s\" is no node's name; take 1 to 63 letters, digits and dashes".formatted(node));
  }

  /** As it stands in the certificate. */
  public String dnsName() {
    return node + "." + word(role) + DOMAIN;
  }

  /** The one node that {@code certificate} names; empty if it names none, or several. */
  static Optional<Holder> of(X509Certificate certificate) {
    var holders = dnsNames(certificate).stream().flatMap(n -> parse(n).stream()).distinct();
    var all = holders.toList();
    return all.size() == 1 ? Optional.of(all.get(0)) : Optional.empty();
  }

  /** What to call the holder of a certificate that nobody has verified; safe to print. */
  static String describe(X509Certificate certificate) {
    return of(certificate)
        .map(Holder::toString)
        .orElseGet(() -> subject(certificate.getSubjectX500Principal().getName()));
  }

  static String subject(String name) {
    var printable = UNPRINTABLE.matcher(name).replaceAll("?");
    return printable.length() <= LONGEST_SUBJECT
        ? printable
        : printable.substring(0, LONGEST_SUBJECT) + "…";
  }

  private static Optional<Holder> parse(String name) {
    for (var role : Role.values()) {
      var end = "." + word(role) + DOMAIN;
      if (!name.endsWith(end)) continue;
      var node = name.substring(0, name.length() - end.length());
      if (NodeName.isName(node)) return Optional.of(new Holder(node, role));
    }
    return Optional.empty();
  }

  private static List<String> dnsNames(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      if (names == null) return List.of();
      return names.stream()
          .filter(name -> name.get(0).equals(DNS_NAME))
          .map(name -> (String) name.get(1))
          .toList();
    } catch (CertificateParsingException e) {
      return List.of(); // it names nobody
    }
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return "%s (%s)".formatted(node, word(role));
  }
}
