package io.dayu.service;

import io.dayu.disk.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service said of itself the last time, on the disk of its node: pipelines of a node that
 * starts again need not wait for its services, elements do. Without it, they wait as with a new
 * service. One thread at a time.
 */
final class KeptDescription {
  /** Of what a service may say of itself. */
  static final int MAX_BYTES = 256 << 10;

  private static final Logger LOG = LoggerFactory.getLogger(KeptDescription.class);

  private final Path file;
  private byte[] last = {};

  KeptDescription(Path file) {
    this.file = file;
  }

  /** Empty if there is none that can be read. */
  Optional<byte[]> read() {
    try {
      if (Files.size(file) > MAX_BYTES) return Optional.empty();
      last = Files.readAllBytes(file);
      return Optional.of(last.clone());
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.debug("the description at {} cannot be read", file, e);
      return Optional.empty();
    }
  }

  /** Blocks; what is there already is not written again. */
  void write(byte[] description) {
    if (Arrays.equals(last, description)) return;
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      WholeFile.replace(file, description);
      last = description.clone();
    } catch (IOException e) {
      LOG.warn(
          "the description of a service cannot be kept at {} ({}); after a restart its stages wait until it answers",
          file,
          e.toString());
    }
  }

  /** The service does not describe itself any more. */
  void forget() {
    try {
      Files.deleteIfExists(file);
      last = new byte[0];
    } catch (IOException e) {
      LOG.debug("the description at {} cannot be removed", file, e);
    }
  }
}
