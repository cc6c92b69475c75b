package io.dayu.keys;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes keys of nodes that trust each other: a private authority, in a directory with {@code
 * ca.key} and {@code ca.crt}, signs them. Keys are on the curve P-256. No file is ever overwritten,
 * and nobody but the user may read one. Whoever has {@code ca.key} can make nodes.
 */
public final class Authority {
  public static final String KEY = "ca.key";

  private static final String CURVE = "secp256r1";
  private static final String SIGNATURE = "SHA256withECDSA";
  private static final int SERIAL_BITS = 127;

  /** Clocks of nodes may be late. */
  private static final Duration EARLIER = Duration.ofHours(1);

  private final PrivateKey key;
  private final X509Certificate certificate;
  private final Clock clock;

  private Authority(PrivateKey key, X509Certificate certificate, Clock clock) {
    this.key = key;
    this.certificate = certificate;
    this.clock = clock;
  }

  /**
   * Makes an authority in {@code directory}, which is made too.
   *
   * @throws KeysException if there is one already, or it cannot be written
   */
  public static Authority create(Path directory, Duration validity, Clock clock) {
    try {
      var pair = pair();
      var subject = new X500Principal("CN=Dayu authority " + serial().toString(16).substring(0, 8));
      var now = clock.instant();
      var builder = builder(subject, pair.getPublic(), subject, now, now.plus(validity));
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      var certificate = sign(builder, pair.getPrivate());
      makeDirectory(directory);
      write(directory.resolve(KEY), Pem.text("PRIVATE KEY", pair.getPrivate().getEncoded()));
      write(directory.resolve(NodeKeys.AUTHORITY), text(certificate));
      return new Authority(pair.getPrivate(), certificate, clock);
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new KeysException("the authority cannot be made: " + e, e);
    }
  }

  /**
   * The authority that is in {@code directory}.
   *
   * @throws KeysException if there is none
   */
  public static Authority open(Path directory, Clock clock) {
    return new Authority(
        Pem.key(directory.resolve(KEY)),
        Pem.certificates(directory.resolve(NodeKeys.AUTHORITY)).get(0),
        clock);
  }

  /**
   * Makes the key of a node in {@code directory}, which is made too: all that {@link NodeKeys}
   * reads. It is valid no longer than the authority.
   *
   * @return when it expires
   * @throws KeysException if there is one already, or it cannot be written
   */
  public Instant issue(Holder holder, Path directory, Duration validity) {
    try {
      var pair = pair();
      var now = clock.instant();
      var end = certificate.getNotAfter().toInstant();
      if (end.isBefore(now)) throw new KeysException("the authority has expired on " + end);
      if (now.plus(validity).isBefore(end)) end = now.plus(validity);
      var builder =
          builder(
              certificate.getSubjectX500Principal(),
              pair.getPublic(),
              new X500Principal("CN=" + holder.node()),
              now,
              end);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, holder.dnsName())));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate.getPublicKey()));
      var own = sign(builder, key);
      makeDirectory(directory);
      write(
          directory.resolve(NodeKeys.KEY), Pem.text("PRIVATE KEY", pair.getPrivate().getEncoded()));
      write(directory.resolve(NodeKeys.CERTIFICATE), text(own));
      write(directory.resolve(NodeKeys.AUTHORITY), text(certificate));
      return own.getNotAfter().toInstant();
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new KeysException("the key of %s cannot be made: %s".formatted(holder, e), e);
    }
  }

  public Instant expires() {
    return certificate.getNotAfter().toInstant();
  }

  /** Positive, and never the same twice. */
  private static BigInteger serial() {
    return new BigInteger(SERIAL_BITS, new SecureRandom()).setBit(SERIAL_BITS - 1);
  }

  private static KeyPair pair() throws GeneralSecurityException {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(CURVE));
    return generator.generateKeyPair();
  }

  private static X509v3CertificateBuilder builder(
      X500Principal issuer, PublicKey key, X500Principal subject, Instant now, Instant end)
      throws GeneralSecurityException, CertIOException {
    var builder =
        new JcaX509v3CertificateBuilder(
            issuer, serial(), Date.from(now.minus(EARLIER)), Date.from(end), subject, key);
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
    return builder;
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws OperatorCreationException, GeneralSecurityException {
    var signer = new JcaContentSignerBuilder(SIGNATURE).build(key);
    return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
  }

  private static String text(X509Certificate certificate) throws GeneralSecurityException {
    return Pem.text("CERTIFICATE", certificate.getEncoded());
  }

  private static void makeDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) return;
    Files.createDirectories(directory, mode(directory, "rwx------"));
  }

  private static void write(Path file, String text) throws IOException {
    try (var channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            mode(file, "rw-------"))) {
      channel.write(java.nio.ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    } catch (FileAlreadyExistsException e) {
      throw new KeysException(
          file + " is there already and is not overwritten; move it away first", e);
    }
  }

  /** Only where the file system knows them. */
  private static FileAttribute<?>[] mode(Path file, String permissions) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
