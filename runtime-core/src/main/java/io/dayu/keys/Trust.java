package io.dayu.keys;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts certificates of the authority that name a node and, where an engine expects a certain one,
 * name it. The refusal says why in words for people; the peer is sent an alert.
 */
final class Trust extends X509ExtendedTrustManager {
  /** What people are told; the text is safe to print. */
  static final class Refused extends CertificateException {
    private static final long serialVersionUID = 1L;

    /**
     * @param cause decides which alert the peer is sent
     */
    Refused(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  private final X509ExtendedTrustManager authority;

  /**
   * @param authority trusts what it has signed
   */
  Trust(X509ExtendedTrustManager authority) {
    this.authority = authority;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    try {
      authority.checkClientTrusted(chain, type, engine);
    } catch (CertificateException e) {
      throw refused(chain[0], e);
    }
    checkHolder(chain[0], null);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    try {
      authority.checkServerTrusted(chain, type, engine);
    } catch (CertificateException e) {
      throw refused(chain[0], e);
    }
    checkHolder(chain[0], engine.getPeerHost());
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    try {
      authority.checkClientTrusted(chain, type);
    } catch (CertificateException e) {
      throw refused(chain[0], e);
    }
    checkHolder(chain[0], null);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    try {
      authority.checkServerTrusted(chain, type);
    } catch (CertificateException e) {
      throw refused(chain[0], e);
    }
    checkHolder(chain[0], null);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, type);
  }

  /** Of sockets, whose peers are told apart by their addresses. */
  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, type);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }

  private static void checkHolder(X509Certificate certificate, @Nullable String expected)
      throws Refused {
    var holder = Holder.of(certificate);
    if (holder.isEmpty())
      throw new Refused(
          "the certificate of %s does not name one node, as edge-1.edge.dayu.internal does; make it with dayu keys node"
              .formatted(Holder.describe(certificate)),
          null);
    if (expected != null && !holder.get().node().equals(expected))
      throw new Refused(
          "the key of %s was expected, the peer has that of %s".formatted(expected, holder.get()),
          null);
  }

  private Refused refused(X509Certificate certificate, CertificateException why) {
    var holder = Holder.describe(certificate);
    var now = Instant.now();
    var text =
        certificate.getNotAfter().toInstant().isBefore(now)
            ? "the key of %s has expired on %s; make a new one with dayu keys node"
                .formatted(holder, certificate.getNotAfter().toInstant())
            : certificate.getNotBefore().toInstant().isAfter(now)
                ? "the key of %s is valid only from %s on; is the clock of this machine right?"
                    .formatted(holder, certificate.getNotBefore().toInstant())
                : "the key of %s is not of the authority that this node trusts, or not for nodes: it was issued by %s"
                    .formatted(
                        holder, Holder.subject(certificate.getIssuerX500Principal().getName()));
    return new Refused(text, why.getCause());
  }
}
