package io.dayu.read;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.source.Query;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Messages of an MQTT broker as they are, one in an element: {@code
 * mqtt://broker/plant/%23?format=opaque}. For the rest see {@link MqttReadings}.
 */
public final class MqttMessages implements SourceProvider {
  private final MqttStream streams;

  public MqttMessages() {
    this(System::getenv);
  }

  MqttMessages(UnaryOperator<String> environment) {
    this.streams = new MqttStream(environment);
  }

  static boolean isMeant(URI uri) {
    var query = uri.getRawQuery();
    return query != null && List.of(query.split("&")).contains("format=opaque");
  }

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "mqtt-messages",
        "Messages of an MQTT broker as they are, acknowledged when they are settled",
        MediaType.OPAQUE,
        List.of(),
        false,
        Repeat.UNSETTLED,
        "mqtt://broker.local/plant/%23?format=opaque");
  }

  @Override
  public boolean claims(URI uri) {
    return MqttTarget.claims(uri) && isMeant(uri);
  }

  @Override
  public void check(URI uri) {
    var unused = MqttTarget.of(uri, query(uri), "");
  }

  @Override
  public Optional<String> exclusive(URI uri) {
    return MqttTarget.session(uri, query(uri));
  }

  private static Query query(URI uri) {
    return MqttTarget.query(uri, MqttTarget.PARAMETERS);
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      var target = MqttTarget.of(context.uri(), query(context.uri()), context.stream());
      return streams.of(target, context, OnBad.FAIL, MqttMessages::content);
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  private static MqttStream.Content content(MqttBroker.Message message) {
    var bytes = UnsafeByteOperations.unsafeWrap(message.payload());
    return new MqttStream.Content.Whole(Media.newBuilder().setOpaque(bytes).build());
  }
}
