package io.dayu.service;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority that signs certificates of services, as a company has one. */
final class TestAuthority {
  /** What a server over TLS needs. */
  record Identity(PrivateKey key, X509Certificate certificate, X509Certificate authority) {
    SSLContext context() throws GeneralSecurityException, IOException {
      var store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("it", key, new char[0], new Certificate[] {certificate, authority});
      var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      var context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    }
  }

  private final X500Principal name;
  private final KeyPair keys = pair();
  private final X509Certificate certificate;

  TestAuthority(String name) throws Exception {
    this.name = new X500Principal("CN=" + name);
    var builder = builder(this.name, keys, Duration.ofDays(-10), Duration.ofDays(10));
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    certificate = signed(builder);
  }

  private static KeyPair pair() throws GeneralSecurityException {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    return generator.generateKeyPair();
  }

  /** Writes its certificate. */
  Path file(Path directory) throws Exception {
    var text =
        Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded());
    return Files.writeString(
        directory.resolve("ca.pem"),
        "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n",
        StandardCharsets.US_ASCII);
  }

  /**
   * A certificate for an address or a name.
   *
   * @param kind {@link GeneralName#iPAddress} or {@link GeneralName#dNSName}
   * @param to after now
   */
  Identity identity(int kind, String name, Duration to) throws Exception {
    var own = pair();
    var builder = builder(new X500Principal("CN=" + name), own, Duration.ofDays(-5), to);
    builder.addExtension(
        Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(kind, name)));
    return new Identity(own.getPrivate(), signed(builder), certificate);
  }

  private JcaX509v3CertificateBuilder builder(
      X500Principal subject, KeyPair keys, Duration from, Duration to) throws CertIOException {
    var now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        name,
        BigInteger.valueOf(System.nanoTime()).abs(),
        Date.from(now.plus(from)),
        Date.from(now.plus(to)),
        subject,
        keys.getPublic());
  }

  private X509Certificate signed(JcaX509v3CertificateBuilder builder)
      throws OperatorCreationException, GeneralSecurityException {
    var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
    return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
  }
}
