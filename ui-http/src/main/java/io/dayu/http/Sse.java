package io.dayu.http;

import java.time.Duration;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Server-sent events: the head is sent at once, a silent stream shows signs of life, and all
 * streams end when the server stops.
 */
final class Sse {
  private static final ByteString HEARTBEAT = ByteString.fromString(":\n\n");

  private final Duration heartbeat;
  private final SharedKillSwitch stop;

  Sse(Duration heartbeat, SharedKillSwitch stop) {
    this.heartbeat = heartbeat;
    this.stop = stop;
  }

  /**
   * An event.
   *
   * @param id empty for none
   * @param data written as one line of JSON
   */
  record Event(String name, String id, Object data) {
    ByteString bytes() {
      return ByteString.fromString(
          "event: %s\n%sdata: %s\n\n"
              .formatted(name, id.isEmpty() ? "" : "id: " + id + "\n", Json.text(data)));
    }
  }

  HttpResponse response(Source<Event, NotUsed> events) {
    var bytes =
        Source.single(HEARTBEAT)
            .concat(events.map(Event::bytes))
            .keepAlive(heartbeat, () -> HEARTBEAT)
            .via(stop.flow());
    return HttpResponse.create()
        // Without it nginx, and what is built on it, keeps events back until some KB have come.
        .addHeader(RawHeader.create("X-Accel-Buffering", "no"))
        .withEntity(
            HttpEntities.createChunked(MediaTypes.TEXT_EVENT_STREAM.toContentType(), bytes));
  }
}
