package io.dayu.keys;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import javax.net.ssl.SSLEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which encryption of TLS 1.3 two nodes choose. With the instructions of a processor AES is ten
 * times as fast as ChaCha20, without them six times as slow. The JVM's optimising compiler uses
 * them, and {@link NativeCrypto} where that compiler is off. So nodes take AES where both have it
 * fast, and ChaCha20 elsewhere.
 */
final class Suites {
  /** Rather than that with keys of 256 bits, which is a quarter slower. */
  static final String AES = "TLS_AES_128_GCM_SHA256";

  static final String CHACHA = "TLS_CHACHA20_POLY1305_SHA256";
  private static final String AES_256 = "TLS_AES_256_GCM_SHA384";

  private static final Logger LOG = LoggerFactory.getLogger(Suites.class);
  private static final boolean FAST_AES = fastAes();

  private Suites() {}

  /** To be called before the first key is read: a key stays with the provider that has read it. */
  static void prepare() {
    LOG.debug("fast at AES: {}", FAST_AES);
  }

  /** To be called once the engine knows which side it is. */
  static void order(SSLEngine engine) {
    order(engine, FAST_AES);
  }

  static void order(SSLEngine engine, boolean fastAes) {
    var parameters = engine.getSSLParameters();
    parameters.setCipherSuites(
        fastAes ? new String[] {AES, AES_256, CHACHA} : new String[] {CHACHA, AES, AES_256});
    // Who is fast at AES does as the other side likes.
    parameters.setUseCipherSuitesOrder(!fastAes);
    engine.setSSLParameters(parameters);
  }

  private static boolean fastAes() {
    try {
      var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return (Boolean.parseBoolean(jvm.getVMOption("UseAES").getValue())
              && jvm.getVMOption("TieredStopAtLevel").getValue().equals("4"))
          || NativeCrypto.install();
    } catch (IllegalArgumentException anotherJvm) {
      return true;
    }
  }
}
