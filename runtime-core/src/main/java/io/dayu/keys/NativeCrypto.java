package io.dayu.keys;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instructions of the processor for AES and signatures in a JVM that runs its first compiler
 * alone, as small nodes do, and has none of them: 18 MB of AES a second on the core of a server,
 * against 1,760. With all compilers the JVM's own needs fewer copies and is the faster one.
 */
final class NativeCrypto {
  private static final Logger LOG = LoggerFactory.getLogger(NativeCrypto.class);

  private NativeCrypto() {}

  /** Puts it before the JVM's own, for all TLS; false, with a line in the log, where it is not. */
  static boolean install() {
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
