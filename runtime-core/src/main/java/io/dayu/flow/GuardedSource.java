package io.dayu.flow;

import io.dayu.source.Access;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.source.Target;
import java.net.URI;
import java.util.OptionalLong;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A kind of source that opens nothing but what {@code access} allows.
 *
 * @param provider of the source itself
 */
record GuardedSource(SourceProvider provider, Access access) implements SourceProvider {
  @Override
  public SourceDescriptor descriptor() {
    return provider.descriptor();
  }

  @Override
  public boolean claims(URI uri) {
    return provider.claims(uri);
  }

  @Override
  public Target target(URI uri) {
    return provider.target(uri);
  }

  @Override
  public OptionalLong elementBytes(URI uri) {
    return provider.elementBytes(uri);
  }

  /** The check, which may wait for a name service, runs where blocking is allowed. */
  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    return Source.lazySource(() -> checked(context))
        .mapMaterializedValue(opened -> NotUsed.getInstance())
        .withAttributes(ActorAttributes.dispatcher(SourceContext.BLOCKING_DISPATCHER));
  }

  private Source<Segment, NotUsed> checked(SourceContext context) {
    try {
      access.check(provider.target(context.uri()));
    } catch (SourceException e) {
      return Source.failed(e);
    }
    return provider.open(context.within(access));
  }
}
