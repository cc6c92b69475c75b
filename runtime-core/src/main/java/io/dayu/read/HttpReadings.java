package io.dayu.read;

import io.dayu.element.MediaType;
import io.dayu.source.HttpLogin;
import io.dayu.source.Login;
import io.dayu.source.Query;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceEnd;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Readings as CSV or NDJSON from an HTTP server, which may go on sending for ever; see {@link
 * FileReadings} for the columns. With {@code every=10s} it is asked again and again. The parameters
 * that are known here are taken out of the query, and the rest goes to the server, as does {@code
 * format}. It waits for a server that is slow or silent, if no {@code timeout} is given; a slow
 * pipeline slows the server down.
 *
 * <p>What a server sends again, at the next poll or because the connection broke, is not taken
 * twice: a reading that an earlier answer had, with the same sensor, time, value and unit, is left
 * out. That is remembered as long as the stream is read on this node, over a pause of up to a week,
 * too.
 */
public final class HttpReadings implements SourceProvider {
  private static final String EVERY = "every";
  private static final String TIMEOUT = "timeout";
  private static final List<String> PARAMETERS =
      Stream.concat(Dialect.PARAMETERS.stream(), Stream.of(EVERY, TIMEOUT, Login.PARAMETER))
          .toList();

  /** How long a poll whose server is silent is waited for. */
  private static final Duration POLL_TIMEOUT = Duration.ofMinutes(1);

  private static final int REMEMBERED = 1 << 17;

  /** Longer than a source that has failed usually waits before it is opened again. */
  private static final Duration KEEP = Duration.ofMinutes(2);

  /** A pipeline may be paused over some days; what is remembered takes 6 MB at most. */
  private static final Duration KEEP_PAUSED = Duration.ofDays(7);

  /**
   * Of all that was read. It has no other use than to tell a stream that goes on from one of the
   * same name that begins, and is to take what that one had taken.
   */
  private static final long READ = 1;

  /** What a URI asks for. */
  private record Request(
      URI server,
      String path,
      Dialect text,
      Optional<String> credentials,
      Optional<Duration> every,
      Optional<Duration> timeout) {
    static Request of(URI uri) {
      var query = Query.partly(uri, PARAMETERS);
      var every = query.duration(EVERY);
      return new Request(
          server(uri, query),
          uri.getPath(),
          Dialect.of(uri, uri.getPath(), query, OnBad.FAIL),
          query.text(Login.PARAMETER),
          every,
          query.duration(TIMEOUT).or(() -> every.map(e -> POLL_TIMEOUT)));
    }

    /** What the server is asked for: without login and our own parameters. */
    private static URI server(URI uri, Query query) {
      var text = uri.toString().split("[?#]", 2)[0];
      if (uri.getRawUserInfo() != null) text = text.replaceFirst("//[^/]*@", "//");
      var rest =
          Stream.concat(
                  query.others().stream(),
                  query.text(Format.PARAMETER).map(f -> Format.PARAMETER + "=" + f).stream())
              .toList();
      return URI.create(rest.isEmpty() ? text : text + "?" + String.join("&", rest));
    }
  }

  private final UnaryOperator<String> environment;
  private final Map<String, HttpMemory> memories = new LinkedHashMap<>(); // guarded by itself

  public HttpReadings() {
    this(System::getenv);
  }

  /**
   * @param environment looks an environment variable up; null if it is not set
   */
  HttpReadings(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "http-readings",
        "Readings of sensors as CSV or NDJSON from an HTTP server",
        MediaType.READINGS,
        ReadingStream.KNOBS,
        false,
        Repeat.NONE,
        "http://sensors.local/weather?format=csv");
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
    var request = Request.of(uri);
    if (request.server().getHost() == null)
      throw new SourceException("source %s needs a host".formatted(ShownUri.of(uri)), true, null);
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      check(context.uri());
      var request = Request.of(context.uri());
      var key = context.stream() + " " + context.uri();
      var memory = memory(key, ShownUri.of(context.uri()), context.position() == 0);
      var ending = SourceEnd.of(context);
      var left = new AtomicBoolean();
      Runnable leave =
          () -> {
            if (left.getAndSet(true)) return;
            if (ending.isAsked()) memory.rest(KEEP_PAUSED);
            else forget(key);
          };
      return segments(request, context.at(0), ending, memory)
          .map(segment -> new Segment(segment.payload(), READ, segment.ending()))
          // Before the end is told, so that whoever hears of it can read anew.
          .concatLazy(
              Source.lazySource(
                  () -> {
                    leave.run();
                    return Source.empty();
                  }))
          .watchTermination(
              (notUsed, done) -> {
                done.whenComplete(
                    (end, failure) -> {
                      // Only what failed or is paused goes on where it was; what comes later begins
                      // anew.
                      if (failure == null) leave.run();
                      else memory.leave(KEEP.plus(asked(failure)));
                    });
                return notUsed;
              });
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  private Source<Segment, NotUsed> segments(
      Request request, SourceContext context, SourceEnd ending, HttpMemory memory) {
    var login = login(request, context.uri());
    var once =
        ReadingStream.of(
            ShownUri.of(context.uri()),
            context,
            ending,
            false,
            request.text().onBad(),
            () -> ask(request, login, context, memory));
    if (request.every().isEmpty()) return once;
    var every = request.every().get();
    return Source.repeat(NotUsed.getInstance())
        .via(ending.after(() -> again -> memory.untilDue(every, System.nanoTime()).toNanos()))
        .takeWhile(due -> !ending.isAsked())
        .flatMapConcat(due -> once);
  }

  private Optional<HttpLogin> login(Request request, URI uri) {
    return request
        .credentials()
        .map(name -> Login.of(name, uri, environment))
        .or(() -> Optional.ofNullable(uri.getUserInfo()).flatMap(Login::of))
        .map(login -> new HttpLogin(login, true));
  }

  private Records ask(
      Request request, Optional<HttpLogin> login, SourceContext context, HttpMemory memory)
      throws IOException {
    long now = System.nanoTime();
    var known = memory.ask();
    var answer =
        HttpAnswer.to(
            new HttpAnswer.Question(
                request.server(),
                login,
                request.timeout(),
                Format.isPacked(request.path()),
                context.access()),
            request.every().isPresent() ? known : Optional.empty());
    context.reached().run();
    return new Unread(
        request.text().records(answer.body(), answer.charset()),
        answer,
        memory,
        now,
        what ->
            new SourceException(
                ShownUri.of(context.uri()) + ", " + what,
                request.text().onBad() == OnBad.STOP,
                null));
  }

  /** What an answer has that was in none before. */
  private record Unread(
      Records records,
      HttpAnswer answer,
      HttpMemory memory,
      long askedNanos,
      Function<String, SourceException> noReadings)
      implements Records {
    @Override
    public Optional<Entry> next() throws IOException {
      try {
        for (var entry = records.next(); entry.isPresent(); entry = records.next())
          if (memory.isNew(entry.get())) return entry;
      } catch (NoReadings e) {
        // A server may answer with something else for a while.
        throw noReadings.apply(e.getMessage());
      }
      memory.complete(answer.version(), askedNanos);
      return Optional.empty();
    }

    @Override
    public String expected() {
      return records.expected();
    }

    @Override
    public void close() throws IOException {
      records.close();
    }
  }

  private static Duration asked(Throwable failure) {
    return failure instanceof SourceException e ? e.atLeast() : Duration.ZERO;
  }

  private HttpMemory memory(String key, String name, boolean begins) {
    synchronized (memories) {
      memories.values().removeIf(HttpMemory::isOver);
      if (begins) memories.computeIfPresent(key, (k, m) -> m.isResting() ? null : m);
      var memory = memories.computeIfAbsent(key, k -> new HttpMemory(name, REMEMBERED));
      memory.enter();
      return memory;
    }
  }

  private void forget(String key) {
    synchronized (memories) {
      memories.remove(key);
    }
  }
}
