package io.dayu.keys;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** Keys and certificates as text, RFC 7468. */
final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(.+?)-----END PRIVATE KEY-----", Pattern.DOTALL);

  private static final int LINE = 64;

  private Pem() {}

  /**
   * @throws KeysException if the file cannot be read or has none, in PKCS#8
   */
  static PrivateKey key(Path file) {
    var text = KEY.matcher(read(file));
    if (!text.find())
      throw new KeysException(
          file
              + " has no PRIVATE KEY in PKCS#8; with cert-manager set privateKey.encoding: PKCS8, otherwise convert it (openssl pkcs8 -topk8 -nocrypt)");
    try {
      var encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text.group(1)));
      try {
        return KeyFactory.getInstance("EC").generatePrivate(encoded);
      } catch (GeneralSecurityException notOfThisKind) {
        return KeyFactory.getInstance("RSA").generatePrivate(encoded);
      }
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new KeysException(file + " has no key that can be used; make one for EC or RSA", e);
    }
  }

  /**
   * All certificates of a file, at least one.
   *
   * @throws KeysException if it cannot be read or has none
   */
  static List<X509Certificate> certificates(Path file) {
    try {
      var text = new ByteArrayInputStream(read(file).getBytes(StandardCharsets.US_ASCII));
      var all = CertificateFactory.getInstance("X.509").generateCertificates(text);
      if (all.isEmpty()) throw new KeysException(file + " has no certificate");
      return all.stream().map(X509Certificate.class::cast).toList();
    } catch (CertificateException e) {
      throw new KeysException(file + " has no certificate that can be read", e);
    }
  }

  static String text(String kind, byte[] encoded) {
    var lines = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(encoded);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, lines, kind);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new KeysException(file + " is missing", e);
    } catch (IOException e) {
      throw new KeysException("%s cannot be read: %s".formatted(file, e), e);
    }
  }
}
