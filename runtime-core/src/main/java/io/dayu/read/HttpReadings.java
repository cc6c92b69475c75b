package io.dayu.read;

import io.dayu.element.MediaType;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Readings as CSV or NDJSON from an HTTP server, which may go on sending for ever; see {@link
 * FileReadings} for the columns. The whole query goes to the server, so columns have their standard
 * names. It waits for a server that is slow or silent; a slow pipeline slows the server down.
 */
public final class HttpReadings implements SourceProvider {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int OK = 200;
  private static final int TIMEOUT = 408;
  private static final int TOO_MANY = 429;

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "http-readings",
        "Readings of sensors as CSV or NDJSON from an HTTP server",
        MediaType.READINGS,
        ReadingStream.KNOBS,
        false,
        Repeat.NONE,
        "http://sensors.local/weather.ndjson");
  }

  @Override
  public boolean claims(URI uri) {
    var scheme = uri.getScheme();
    return ("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))
        && uri.getPath() != null
        && Format.of(uri, uri.getPath()).isPresent();
  }

  @Override
  public void check(URI uri) {
    var unused = text(uri);
  }

  private static Dialect text(URI uri) {
    return Dialect.of(uri, uri.getPath(), Query.partly(uri, Dialect.PARAMETERS), OnBad.FAIL);
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      var text = text(context.uri());
      var uri = context.uri();
      var fromTheBeginning = new SourceContext(uri, 0, context.knobs());
      return ReadingStream.of(
              ShownUri.of(uri),
              fromTheBeginning,
              false,
              text.onBad(),
              () -> text.records(get(uri), Optional.empty()))
          .map(segment -> new Segment(segment.payload(), 0, segment.ending()));
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  private static InputStream get(URI uri) throws IOException {
    try {
      var request = HttpRequest.newBuilder(uri).timeout(PATIENCE).build();
      var response = Client.INSTANCE.send(request, HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() == OK) return response.body();
      response.body().close();
      throw refused(uri, response.statusCode());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while connecting");
    }
  }

  private static SourceException refused(URI uri, int status) {
    var ours = status >= 400 && status < 500 && status != TIMEOUT && status != TOO_MANY;
    return new SourceException(
        "%s answered with status %s%s"
            .formatted(
                ShownUri.of(uri),
                status,
                ours ? "; correct the uri or the server's access rules" : ""),
        ours,
        null);
  }

  /** Its threads are started by the first use. */
  private static final class Client {
    static final HttpClient INSTANCE =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
  }
}
