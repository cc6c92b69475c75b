package io.dayu.read;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Reading;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Readings from the topics of an MQTT broker: {@code
 * mqtt://broker:1883/plant/+/temperature?credentials=plant}. A message is a number, or one or more
 * JSON objects with the fields of {@link FileReadings}; without a sensor the topic is the sensor,
 * without a time it is the time of arrival. Any other message becomes an element of its own with
 * the message as it is; stages that read readings report such an element as failed.
 *
 * <p>The broker keeps the session and every message (QoS 1) until its element is settled, so that
 * what a node had under way when it ended comes again. The number of messages that are not
 * acknowledged limits how many it sends.
 */
public final class MqttReadings implements SourceProvider {
  private final MqttStream streams;
  private final Clock clock;

  public MqttReadings() {
    this(System::getenv, Clock.systemUTC());
  }

  MqttReadings(UnaryOperator<String> environment, Clock clock) {
    this.streams = new MqttStream(environment);
    this.clock = clock;
  }

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "mqtt-readings",
        "Readings from topics of an MQTT broker, acknowledged when they are settled",
        MediaType.READINGS,
        List.of(MqttStream.SEGMENT),
        false,
        Repeat.UNSETTLED,
        "mqtt://broker.local/plant/+/temperature?credentials=plant");
  }

  @Override
  public boolean claims(URI uri) {
    return MqttTarget.claims(uri) && !MqttMessages.isMeant(uri);
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      MqttTarget.refusePassword(context.uri());
      var query =
          Query.of(
              context.uri(),
              Stream.concat(Columns.PARAMETERS.stream(), MqttTarget.PARAMETERS.stream()).toList());
      query
          .text("format")
          .filter(format -> !format.equals("readings"))
          .ifPresent(
              format -> {
                throw new SourceException(
                    "source %s: format is readings or opaque".formatted(ShownUri.of(context.uri())),
                    true,
                    null);
              });
      var target = MqttTarget.of(context.uri(), query, context.stream());
      var columns = Columns.of(query, "");
      return streams.of(target, context, message -> content(message, columns));
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  private MqttStream.Content content(MqttBroker.Message message, Columns names) {
    var columns = names.withDefaults(message.topic(), clock.millis());
    var text = new String(message.payload(), StandardCharsets.UTF_8).strip();
    try {
      var readings =
          text.startsWith("{") ? objects(message, columns) : List.of(number(text, columns));
      return MqttStream.Content.of(readings);
    } catch (IOException | Records.BrokenRecord | IllegalArgumentException e) {
      return MqttStream.Content.of(
          Media.newBuilder().setOpaque(UnsafeByteOperations.unsafeWrap(message.payload())).build());
    }
  }

  private static Reading number(String text, Columns columns) {
    return columns.reading(
        column -> column.equals(columns.value()) ? Optional.of(text) : Optional.empty());
  }

  private static List<Reading> objects(MqttBroker.Message message, Columns columns)
      throws IOException, Records.BrokenRecord {
    var readings = new ArrayList<Reading>();
    try (var records =
        new NdjsonRecords(new RecordInput(new ByteArrayInputStream(message.payload())), columns)) {
      for (var next = records.next(); next.isPresent(); next = records.next())
        readings.add(next.get());
    }
    return readings;
  }
}
