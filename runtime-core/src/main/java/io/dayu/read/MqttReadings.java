package io.dayu.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.dayu.element.MediaType;
import io.dayu.element.Reading;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.nio.charset.Charset;
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
 * JSON objects with the fields of {@link FileReadings}, alone or in an array; without a sensor the
 * topic is the sensor, without a time it is the time of arrival. Any other message becomes an
 * element of its own that has failed, with the reason, see {@link OnBad}.
 *
 * <p>The broker keeps the session and every message (QoS 1) until its element is settled, so that
 * what a node had under way when it ended comes again. The number of messages that are not
 * acknowledged limits how many it sends.
 */
public final class MqttReadings implements SourceProvider {
  private static final List<String> PARAMETERS =
      Stream.of(
              Columns.PARAMETERS,
              List.of(Encodings.PARAMETER, OnBad.PARAMETER),
              MqttTarget.PARAMETERS)
          .flatMap(List::stream)
          .toList();

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

  /** What a URI asks for. */
  private record Request(MqttTarget target, Charset charset, Columns columns, OnBad onBad) {
    static Request of(URI uri, String stream) {
      var query = MqttTarget.query(uri, PARAMETERS);
      query
          .text(Format.PARAMETER)
          .filter(format -> !format.equals("readings"))
          .ifPresent(
              format -> {
                throw query.wrong("format is readings or opaque");
              });
      return new Request(
          MqttTarget.of(uri, query, stream),
          Encodings.of(query).orElse(StandardCharsets.UTF_8),
          Columns.of(query, ""),
          OnBad.of(query, OnBad.FAIL));
    }
  }

  @Override
  public void check(URI uri) {
    var unused = Request.of(uri, "");
  }

  @Override
  public Optional<String> exclusive(URI uri) {
    return MqttTarget.session(uri, MqttTarget.query(uri, PARAMETERS));
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      var request = Request.of(context.uri(), context.stream());
      return streams.of(
          request.target(),
          context,
          request.onBad(),
          message -> content(message, request.charset(), request.columns()));
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  private MqttStream.Content content(MqttBroker.Message message, Charset charset, Columns names) {
    var columns = names.withDefaults(message.topic(), clock.millis());
    var text = new String(message.payload(), charset).strip();
    try {
      if (text.isEmpty()) return new MqttStream.Content.Bad("the message is empty");
      return text.startsWith("{") || text.startsWith("[")
          ? several(JsonEntries.of(text, columns))
          : new MqttStream.Content.Several(List.of(columns.reading(text)));
    } catch (JsonProcessingException e) {
      return new MqttStream.Content.Bad(JsonEntries.broken(e).reason());
    } catch (IllegalArgumentException e) {
      return new MqttStream.Content.Bad(String.valueOf(e.getMessage()));
    }
  }

  /** All of them, or none: a message is settled as a whole. */
  private static MqttStream.Content several(List<Entry> entries) {
    var readings = new ArrayList<Reading>();
    for (var entry : entries) {
      if (entry instanceof Entry.Bad bad)
        return new MqttStream.Content.Bad(
            entries.size() == 1
                ? bad.reason()
                : bad.in("object " + (readings.size() + 1)).reason());
      readings.add(((Entry.Good) entry).reading());
    }
    return new MqttStream.Content.Several(readings);
  }
}
