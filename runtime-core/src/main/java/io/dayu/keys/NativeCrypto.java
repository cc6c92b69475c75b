package io.dayu.keys;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instructions of the processor for AES and for signatures, whatever compiler the JVM runs.
 * Nodes run the first one alone, which has none of them: 18 MB of AES a second on the core of a
 * server, against 1,760. With all compilers the JVM's own is about as fast.
 */
final class NativeCrypto {
  private static final Logger LOG = LoggerFactory.getLogger(NativeCrypto.class);
  private static final boolean INSTALLED = install();

  private NativeCrypto() {}

  /** Whether this JVM has it; the first call puts it before the JVM's own, for all TLS. */
  static boolean installed() {
    return INSTALLED;
  }

  private static boolean install() {
    try {
      var error = AmazonCorrettoCryptoProvider.INSTANCE.getLoadingError();
      if (error != null) return missing(error);
      AmazonCorrettoCryptoProvider.install();
      return true;
    } catch (LinkageError noSuchJar) {
      return missing(noSuchJar);
    }
  }

  private static boolean missing(Throwable error) {
    LOG.info(
        "Encryption by the JVM alone, which costs a node more: the native library does not load"
            + " here ({})",
        String.valueOf(error.getMessage()));
    return false;
  }
}
