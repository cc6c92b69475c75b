package io.dayu.service;

import io.dayu.stage.Causes;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXReason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Whom a node trusts as a service: who has a certificate for the host of its url, signed by an
 * authority that the JVM trusts or that stands in a file. Files are read once. Safe for any thread.
 */
final class Tls {
  private final TrustManagerFactory trust;
  private final SSLSocketFactory sockets;

  private Tls(TrustManagerFactory trust) throws GeneralSecurityException {
    this.trust = trust;
    var context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    this.sockets = context.getSocketFactory();
  }

  /**
   * @param ca certificates of authorities that are trusted, too
   * @throws IllegalArgumentException why the file cannot be used
   */
  static Tls trusting(Optional<Path> ca) {
    try {
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init((KeyStore) null);
      if (ca.isEmpty()) return new Tls(trust);
      var all = new ArrayList<Certificate>();
      for (var manager : trust.getTrustManagers())
        if (manager instanceof X509TrustManager known)
          all.addAll(List.of(known.getAcceptedIssuers()));
      all.addAll(certificates(ca.get()));
      var store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < all.size(); i++) store.setCertificateEntry("ca-" + i, all.get(i));
      trust.init(store);
      return new Tls(trust);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("TLS cannot be used on this node: " + Causes.words(e), e);
    }
  }

  /** At least one. */
  private static Collection<? extends Certificate> certificates(Path file) {
    try (var text = Files.newInputStream(file)) {
      var all = CertificateFactory.getInstance("X.509").generateCertificates(text);
      if (all.isEmpty()) throw new IllegalArgumentException(file + " has no certificate");
      return all;
    } catch (CertificateException e) {
      throw new IllegalArgumentException(file + " has no certificate that can be read", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s cannot be read: %s".formatted(file, Causes.words(e)), e);
    }
  }

  /** Signed by one that has only the name of an authority that is trusted. */
  private static boolean isForeign(Throwable cause) {
    return cause instanceof CertPathValidatorException path
        && (path.getReason() == BasicReason.INVALID_SIGNATURE
            || path.getReason() == PKIXReason.NO_TRUST_ANCHOR);
  }

  SSLSocketFactory sockets() {
    return sockets;
  }

  /** The same trust for HTTP/2; the host's name is checked by who uses it. */
  SslContext http2() {
    try {
      return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
          .trustManager(trust)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException("the JDK's own TLS cannot be used", e);
    }
  }

  /**
   * Why there is no trusted connection to a host, in words for people; empty if TLS has no part in
   * the failure.
   */
  static Optional<String> problem(Throwable failure, String host) {
    boolean ours = false;
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      ours |= cause instanceof SSLException;
      var words = Causes.words(cause);
      if (cause instanceof CertificateExpiredException)
        return Optional.of("its certificate has expired (%s)".formatted(words));
      if (cause instanceof CertificateNotYetValidException)
        return Optional.of("its certificate is not valid yet (%s)".formatted(words));
      if (cause instanceof CertPathBuilderException || isForeign(cause))
        return Optional.of(
            "its certificate is signed by no authority that this node trusts; give the authority's certificate as ca");
      if (cause instanceof CertificateException && cause.getCause() == null)
        return Optional.of("its certificate is not for %s (%s)".formatted(host, words));
    }
    if (!ours) return Optional.empty();
    var words = Causes.words(failure);
    return Optional.of(
        words.contains("Unsupported or unrecognized SSL message")
                || words.contains("not an SSL/TLS record")
            ? "it does not speak TLS"
            : "there is no TLS connection to it: " + words);
  }
}
