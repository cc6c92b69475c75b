package io.dayu.source;

import java.net.URI;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A kind of source; found through {@link java.util.ServiceLoader}. A provider is cheap to
 * construct.
 */
public interface SourceProvider {
  SourceDescriptor descriptor();

  /** Whether this provider reads {@code uri}: by scheme and, where several share one, by ending. */
  boolean claims(URI uri);

  /**
   * What is opened for {@code uri}, which this provider claims. A kind of source whose URI is not
   * understood by {@link Target#of} says it here; otherwise nodes that restrict what is read do not
   * open it.
   */
  default Target target(URI uri) {
    return Target.of(uri);
  }

  /**
   * Checks what can be known of {@code uri}, which this provider claims, without opening anything:
   * when a pipeline is submitted, on whatever node that is.
   *
   * @throws SourceException what is wrong, and what to do
   */
  default void check(URI uri) {}

  /**
   * How many bytes the largest element has, where {@code uri} says that. A node on which it cannot
   * fit does not open the source, and says so.
   */
  default OptionalLong elementBytes(URI uri) {
    return OptionalLong.empty();
  }

  /**
   * What only one source at a time can have, in words: the session of a broker, for one. Of two
   * sources of a pipeline whose words are equal the second is refused. Asked for where {@link
   * #check} has found nothing.
   */
  default Optional<String> exclusive(URI uri) {
    return Optional.empty();
  }

  /**
   * A blueprint that reads the source from {@link SourceContext#position()}. It completes at the
   * end of the data and fails with a {@link SourceException} when the source cannot be read; the
   * generator then opens it again with back-off. Blocking reads run on {@link
   * SourceContext#BLOCKING_DISPATCHER}, and a live source keeps no backlog of its own.
   */
  Source<Segment, NotUsed> open(SourceContext context);
}
