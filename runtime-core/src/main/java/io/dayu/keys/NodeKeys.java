package io.dayu.keys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key of this node and the authority that all nodes trust, as PEM files in a directory: {@code
 * tls.key}, {@code tls.crt} and {@code ca.crt}, the names of a Kubernetes secret. New files are
 * taken for connections that begin after that, and those that are open stay; if they cannot be
 * used, the former ones stay and a warning says so. Safe for any thread.
 *
 * <p>Both sides of a connection show a certificate of the authority, in TLS 1.3.
 */
public final class NodeKeys {
  public static final String KEY = "tls.key";
  public static final String CERTIFICATE = "tls.crt";
  public static final String AUTHORITY = "ca.crt";

  private static final Logger LOG = LoggerFactory.getLogger(NodeKeys.class);
  private static final String PROTOCOL = "TLSv1.3";
  private static final char[] NO_PASSWORD = new char[0]; // of a store that is in memory only

  /** How often the files are looked at, at most; how often {@link #look} is to be called. */
  public static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  /** From when on it is said that a key expires, and how often. */
  private static final Duration EXPIRES_SOON = Duration.ofDays(14);

  private static final Duration TELL_EVERY = Duration.ofDays(1);

  private record Loaded(List<FileTime> files, Holder holder, Instant expires, SSLContext context) {}

  private final Path directory;
  private final LongSupplier nanos;
  private final AtomicLong nextLook;
  private final AtomicLong nextTold;
  private volatile Loaded loaded;
  private volatile List<FileTime> refused = List.of(); // files that were told to be of no use

  private NodeKeys(Path directory, LongSupplier nanos) {
    this.directory = directory;
    this.nanos = nanos;
    this.loaded = load(directory);
    this.nextLook = new AtomicLong(nanos.getAsLong() + LOOK_EVERY.toNanos());
    this.nextTold = new AtomicLong(nanos.getAsLong());
  }

  /**
   * Reads them.
   *
   * @throws KeysException if one is missing or cannot be used
   */
  public static NodeKeys open(Path directory) {
    return open(directory, System::nanoTime);
  }

  /**
   * @param nanos a clock as {@link System#nanoTime}
   */
  static NodeKeys open(Path directory, LongSupplier nanos) {
    return new NodeKeys(directory, nanos);
  }

  /** Whose key it is. */
  public Holder holder() {
    return loaded.holder();
  }

  public Instant expires() {
    return loaded.expires();
  }

  /**
   * Takes new files, and tells when a key is about to expire. Every connection that begins does so
   * too, but a node whose connections last for months begins none. Reads files.
   */
  public void look() {
    var unused = current();
  }

  /** For a connection that another node has made to this one. */
  public SSLEngine server() {
    var engine = current().context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    return limited(engine);
  }

  /** For a connection to any node. */
  public SSLEngine client() {
    return client(current().context().createSSLEngine());
  }

  /** For a connection to the node of this name; any other one is refused. */
  public SSLEngine client(String node) {
    return client(current().context().createSSLEngine(node, -1));
  }

  /** For sockets to any node, as HTTP has them. */
  public SSLContext context() {
    return current().context();
  }

  /**
   * Who is at the other end of a connection; to be asked for each, because one that resumes an
   * earlier session is not checked otherwise.
   *
   * @throws KeysException if it has no key, or one that has expired
   */
  public static Holder peer(SSLSession session) {
    try {
      var certificate = (X509Certificate) session.getPeerCertificates()[0];
      certificate.checkValidity();
      return Holder.of(certificate)
          .orElseThrow(() -> new KeysException("the certificate of the peer names no node"));
    } catch (SSLPeerUnverifiedException e) {
      throw new KeysException("the peer has shown no key", e);
    } catch (CertificateException e) {
      throw new KeysException("the key of the peer has expired, or is not valid yet", e);
    }
  }

  private static SSLEngine client(SSLEngine engine) {
    engine.setUseClientMode(true);
    return limited(engine);
  }

  private static SSLEngine limited(SSLEngine engine) {
    engine.setEnabledProtocols(new String[] {PROTOCOL});
    Suites.order(engine);
    return engine;
  }

  private Loaded current() {
    long now = nanos.getAsLong();
    long due = nextLook.get();
    if (now - due >= 0 && nextLook.compareAndSet(due, now + LOOK_EVERY.toNanos())) take();
    long tell = nextTold.get();
    var left = Duration.between(Instant.now(), loaded.expires());
    if (left.compareTo(EXPIRES_SOON) < 0
        && now - tell >= 0
        && nextTold.compareAndSet(tell, now + TELL_EVERY.toNanos()))
      LOG.warn(
          "the key of {} {} on {}; replace it in {}",
          loaded.holder(),
          left.isNegative() ? "has expired" : "expires",
          loaded.expires(),
          directory);
    return loaded;
  }

  private void take() {
    try {
      var files = times(directory);
      if (files.equals(loaded.files()) || files.equals(refused)) return;
      refused = files;
      var fresh = load(directory);
      if (!fresh.holder().equals(loaded.holder()))
        throw new KeysException(
            "%s is now the key of %s".formatted(directory.resolve(KEY), fresh.holder()));
      loaded = fresh;
      LOG.info("new key of {} from {}, valid until {}", fresh.holder(), directory, fresh.expires());
    } catch (KeysException e) {
      LOG.warn("the former key stays in use: {}", e.getMessage());
    }
  }

  private static List<FileTime> times(Path directory) {
    try {
      return List.of(
          Files.getLastModifiedTime(directory.resolve(KEY)),
          Files.getLastModifiedTime(directory.resolve(CERTIFICATE)),
          Files.getLastModifiedTime(directory.resolve(AUTHORITY)));
    } catch (IOException e) {
      throw new KeysException(
          "%s must hold %s, %s and %s: %s".formatted(directory, KEY, CERTIFICATE, AUTHORITY, e), e);
    }
  }

  private static Loaded load(Path directory) {
    Suites.prepare();
    var files = times(directory);
    var key = Pem.key(directory.resolve(KEY));
    var chain = Pem.certificates(directory.resolve(CERTIFICATE));
    var authority = Pem.certificates(directory.resolve(AUTHORITY));
    var certificate = chain.get(0);
    checkPair(directory, key, certificate);
    var holder =
        Holder.of(certificate)
            .orElseThrow(
                () ->
                    new KeysException(
                        "%s must name one node, as edge-1.edge.dayu.internal does; make it with dayu keys node"
                            .formatted(directory.resolve(CERTIFICATE))));
    return new Loaded(
        files,
        holder,
        certificate.getNotAfter().toInstant(),
        context(directory, key, chain, authority));
  }

  private static void checkPair(Path directory, PrivateKey key, X509Certificate certificate) {
    try {
      var algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
      var text = new byte[] {1, 2, 3};
      var signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(text);
      var verifying = Signature.getInstance(algorithm);
      verifying.initVerify(certificate.getPublicKey());
      verifying.update(text);
      if (verifying.verify(signing.sign())) return;
    } catch (GeneralSecurityException e) {
      throw notAPair(directory, e);
    }
    throw notAPair(directory, null);
  }

  private static KeysException notAPair(
      Path directory, @org.jspecify.annotations.Nullable Throwable why) {
    var text =
        "%s is not the key of the certificate %s"
            .formatted(directory.resolve(KEY), directory.resolve(CERTIFICATE));
    return why == null ? new KeysException(text) : new KeysException(text, why);
  }

  private static SSLContext context(
      Path directory,
      PrivateKey key,
      List<X509Certificate> chain,
      List<X509Certificate> authority) {
    try {
      var own = KeyStore.getInstance("PKCS12");
      own.load(null, NO_PASSWORD);
      own.setKeyEntry("node", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
      var keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(own, NO_PASSWORD);
      var trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, NO_PASSWORD);
      for (int i = 0; i < authority.size(); i++)
        trusted.setCertificateEntry("authority-" + i, authority.get(i));
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      var context = SSLContext.getInstance(PROTOCOL);
      context.init(
          keys.getKeyManagers(),
          new TrustManager[] {new Trust(pkix(trust.getTrustManagers()))},
          null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new KeysException("the keys in %s cannot be used: %s".formatted(directory, e), e);
    }
  }

  private static X509ExtendedTrustManager pkix(TrustManager[] managers) {
    return Arrays.stream(managers)
        .filter(X509ExtendedTrustManager.class::isInstance)
        .map(X509ExtendedTrustManager.class::cast)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("the JDK has no PKIX trust manager"));
  }

  /** The node's name, for logs; never the key. */
  @Override
  public String toString() {
    return "keys of " + loaded.holder();
  }

  /** Whether they are those of this node. */
  public Optional<String> conflict(Holder node) {
    return holder().equals(node)
        ? Optional.empty()
        : Optional.of(
            "%s has the key of %s, this node is %s; make one with dayu keys node %s"
                .formatted(directory, holder(), node, node.node()));
  }
}
