package io.dayu.service;

import io.dayu.facts.NodeReport;
import io.dayu.facts.ServiceReports;
import io.dayu.service.ServiceDescription.BadDescription;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service is known to be: what it said last, or said to an earlier run of this node, or what
 * the one before it was. Once pipelines run with it, what it reads and gives stays as it is until
 * the node is started again; what one says anew is taken if it fits that.
 *
 * <p>Safe for any thread; {@link #write} is for one at a time. It calls nobody while it is held.
 */
final class KnownDescription {
  private static final Logger LOG = LoggerFactory.getLogger(KnownDescription.class);

  private final ServiceDeclaration declaration;
  private volatile @Nullable ServiceDescription description; // null until it is known
  private volatile Optional<KeptDescription> kept = Optional.empty();
  private boolean remembered; // it is of an earlier run of this node; guarded by this

  KnownDescription(ServiceDeclaration declaration) {
    this.declaration = declaration;
  }

  boolean isKnown() {
    return description != null;
  }

  /**
   * @throws IllegalStateException if it is not known yet
   */
  ServiceDescription get() {
    var now = description;
    if (now == null)
      throw new IllegalStateException(
          "service " + declaration.name() + " has not described itself");
    return now;
  }

  /**
   * Knows what was written the last time, and keeps what is said from now on. Reads the disk.
   *
   * @return whether it is known by that
   */
  synchronized boolean keepIn(KeptDescription file) {
    kept = Optional.of(file);
    try {
      var last = file.read();
      if (last.isEmpty()) return false;
      description = ServiceDescription.read(declaration, last.get());
      remembered = true;
      return true;
    } catch (BadDescription e) {
      LOG.debug("service {}: what it said the last time cannot be used", declaration.name(), e);
      return false;
    }
  }

  /**
   * Until the service describes itself it is what another one is; and since pipelines run with
   * that, its types hold.
   *
   * @return whether the other one is known
   */
  boolean knowAs(KnownDescription other) {
    var known = other.description;
    if (known == null) return false;
    synchronized (this) {
      remembered = false;
      if (description == null) description = known;
    }
    return true;
  }

  /**
   * Reads what the service says, and takes nothing of it yet.
   *
   * @param said empty if it does not describe itself: then it is what is declared
   * @throws BadDescription if it cannot be used
   */
  ServiceDescription read(Optional<byte[]> said, String from) throws BadDescription {
    var read =
        said.isPresent()
            ? ServiceDescription.read(declaration, said.get())
            : ServiceDescription.declared(declaration);
    var report = new NodeReport.Service(read.descriptor(), declaration.transport().word(), from);
    int bytes = ServiceReports.size(report);
    if (bytes > ServiceReports.MAX_BYTES)
      throw new BadDescription(
          "its description has %s bytes as nodes tell each other, at most %s are possible; shorten the descriptions of its parameters"
              .formatted(bytes, ServiceReports.MAX_BYTES));
    return read;
  }

  /**
   * What the service says of itself holds, if that is possible while the node runs.
   *
   * @param back whether it is there again
   */
  synchronized void take(ServiceDescription read, URI at, boolean back) {
    var before = remembered ? null : description;
    remembered = false;
    var name = declaration.name();
    if (before == null)
      LOG.info(
          "service {} is ready at {}: it gives {}", name, at, read.descriptor().output().word());
    else if (!read.hasTypesOf(before)) {
      LOG.warn(
          "service {} now says that it reads or gives other types; that holds once this node is started again",
          name);
      return;
    } else if (back) LOG.info("service {} is ready again", name);
    description = read;
  }

  /** Writes what the service said to the disk, where it is kept there. */
  void write(Optional<byte[]> said) {
    kept.ifPresent(file -> said.ifPresentOrElse(file::write, file::forget));
  }
}
