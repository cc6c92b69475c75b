package io.dayu.read;

import io.dayu.source.Access;
import io.dayu.source.HttpLogin;
import io.dayu.source.Login;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceException;
import io.dayu.source.Target;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.InflaterInputStream;

/**
 * What an HTTP server answers, once it has begun to.
 *
 * @param body unpacked; empty if the server says that there is nothing, or nothing new
 * @param charset that the server names, if it does
 * @param version of the content, to be asked for what differs from it
 */
record HttpAnswer(InputStream body, Optional<Charset> charset, Optional<Version> version) {
  /** What a server calls a content; either may be missing, and is empty then. */
  record Version(String etag, String modified) {}

  /**
   * What is asked for.
   *
   * @param timeout how long the server may send nothing
   * @param access checked before each connection, also where the server leads
   */
  record Question(
      URI uri,
      Optional<HttpLogin> login,
      Optional<Duration> timeout,
      boolean packed,
      Access access) {}

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final int REDIRECTS = 5;
  private static final int LOGINS = 2; // to be asked for: the kind, and a newer nonce
  private static final int OK = 200;
  private static final int NOTHING = 204;
  private static final int SAME = 304;
  private static final int NOT_ALLOWED = 401;
  private static final int TIMEOUT = 408;
  private static final int TOO_MANY = 429;
  private static final Pattern CHARSET = Pattern.compile("(?i)charset\\s*=\\s*\"?([^\";\\s]+)");

  /** Its threads are started by the first use. */
  private static final class Client {
    static final HttpClient INSTANCE =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            // It would send the login to whatever host it is led to.
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /**
   * Asks and waits for the beginning of the answer.
   *
   * @param known a version that need not be sent again
   * @throws SourceException if the server refuses, or may not be asked
   */
  static HttpAnswer to(Question question, Optional<Version> known) throws IOException {
    var uri = question.uri();
    for (int hop = 0; hop <= REDIRECTS; hop++) {
      boolean home = sameServer(uri, question.uri());
      question.access().check(Target.of(uri));
      var response = asked(uri, home ? question.login() : Optional.empty(), known);
      var led = redirect(uri, response);
      if (led.isEmpty()) return of(uri, question, response);
      response.body().close();
      uri = led.get();
    }
    throw new SourceException(
        "%s leads on more than %s times, last to %s"
            .formatted(ShownUri.of(question.uri()), REDIRECTS, ShownUri.of(uri)),
        false,
        null);
  }

  /** Asks again where the server wants the login in another way, or with a newer nonce. */
  private static HttpResponse<InputStream> asked(
      URI uri, Optional<HttpLogin> login, Optional<Version> known) throws IOException {
    for (int again = 0; ; again++) {
      var sent = login.flatMap(l -> l.authorization("GET", uri));
      var response = send(request(uri, sent, known));
      if (response.statusCode() != NOT_ALLOWED || again == LOGINS) return response;
      var challenges = response.headers().allValues("WWW-Authenticate");
      if (login.filter(l -> l.retry(sent, challenges)).isEmpty()) return response;
      response.body().close();
    }
  }

  private static HttpRequest request(URI uri, Optional<String> login, Optional<Version> known) {
    var request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
    login.ifPresent(text -> request.header("Authorization", text));
    known
        .map(Version::etag)
        .filter(t -> !t.isEmpty())
        .ifPresent(tag -> request.header("If-None-Match", tag));
    known
        .map(Version::modified)
        .filter(t -> !t.isEmpty())
        .ifPresent(time -> request.header("If-Modified-Since", time));
    return request.build();
  }

  static HttpResponse<InputStream> send(HttpRequest request) throws IOException {
    try {
      return Client.INSTANCE.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while connecting");
    }
  }

  private static boolean sameServer(URI a, URI b) {
    return a.getScheme().equalsIgnoreCase(b.getScheme())
        && a.getRawAuthority().equalsIgnoreCase(b.getRawAuthority());
  }

  /** Where the server leads, unless that is away from encryption or nowhere. */
  private static Optional<URI> redirect(URI uri, HttpResponse<?> response) {
    int status = response.statusCode();
    if (status < 300 || status == SAME || status > 308) return Optional.empty();
    return response
        .headers()
        .firstValue("Location")
        .flatMap(location -> resolved(uri, location))
        .filter(led -> led.getHost() != null)
        .filter(
            led ->
                "https".equalsIgnoreCase(led.getScheme())
                    || "http".equalsIgnoreCase(led.getScheme())
                        && "http".equalsIgnoreCase(uri.getScheme()));
  }

  private static Optional<URI> resolved(URI uri, String location) {
    try {
      return Optional.of(uri.resolve(location));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static HttpAnswer of(URI uri, Question question, HttpResponse<InputStream> response)
      throws IOException {
    int status = response.statusCode();
    if (status == NOTHING || status == SAME) {
      response.body().close();
      return new HttpAnswer(InputStream.nullInputStream(), Optional.empty(), Optional.empty());
    }
    var headers = response.headers();
    var type = headers.firstValue("Content-Type").orElse("");
    var instead = status == OK ? instead(type.toLowerCase(Locale.ROOT)) : Optional.<String>empty();
    if (status != OK || instead.isPresent()) {
      response.body().close();
      throw instead
          .map(
              what -> new SourceException(ShownUri.of(uri) + " answered with " + what, false, null))
          .orElseGet(() -> refused(uri, status, wait(response)));
    }
    var body =
        new HttpBody(
            response.body(),
            headers.firstValueAsLong("Content-Length"),
            question.timeout(),
            HttpRest.of(response, question.access()));
    var heard = CHARSET.matcher(type);
    return new HttpAnswer(
        unpacked(uri, body, headers.firstValue("Content-Encoding").orElse(""), question.packed()),
        heard.find() ? Encodings.named(heard.group(1)) : Optional.empty(),
        version(headers.firstValue("ETag"), headers.firstValue("Last-Modified")));
  }

  /** What a server sends that has no readings, and what to do. */
  private static Optional<String> instead(String type) {
    if (type.startsWith("text/html"))
      return Optional.of(
          "a web page (text/html) instead of readings; correct the uri, or give credentials");
    return type.startsWith("multipart/x-mixed-replace") || type.startsWith("image/jpeg")
        ? Optional.of("pictures instead of readings; write format=mjpeg to read a camera")
        : Optional.empty();
  }

  private static Optional<Version> version(Optional<String> etag, Optional<String> modified) {
    return etag.isEmpty() && modified.isEmpty()
        ? Optional.empty()
        : Optional.of(new Version(etag.orElse(""), modified.orElse("")));
  }

  private static InputStream unpacked(URI uri, HttpBody body, String encoding, boolean packed)
      throws IOException {
    switch (encoding.toLowerCase(Locale.ROOT)) {
      case "gzip", "x-gzip" -> {
        return Format.unpacked(body);
      }
      case "deflate" -> {
        return new InflaterInputStream(body);
      }
      case "", "identity" -> {
        return packed ? Format.unpacked(body) : body;
      }
      default -> {
        body.close();
        throw new SourceException(
            "%s is sent with the encoding %s, which is not read; gzip and deflate are"
                .formatted(ShownUri.of(uri), encoding),
            false,
            null);
      }
    }
  }

  private static SourceException refused(URI uri, int status, Optional<Duration> wait) {
    boolean ours = status >= 400 && status < 500 && status != TIMEOUT && status != TOO_MANY;
    var message =
        new StringBuilder("%s answered with status %s".formatted(ShownUri.of(uri), status));
    wait.ifPresent(w -> message.append(" and asks to wait %s s".formatted(w.toSeconds())));
    if (status == NOT_ALLOWED)
      message
          .append("; give user and password by credentials=NAME, see ")
          .append("the variable ")
          .append(Login.variable("NAME"));
    else if (ours) message.append("; correct the uri or the server's access rules");
    return ours
        ? new SourceException(message.toString(), true, null)
        : SourceException.passing(message.toString(), wait.orElse(Duration.ZERO));
  }

  /** How long the server asks to wait, in seconds or until a time. */
  private static Optional<Duration> wait(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .flatMap(HttpAnswer::duration)
        .filter(duration -> !duration.isNegative())
        .map(duration -> duration.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : duration);
  }

  private static Optional<Duration> duration(String text) {
    try {
      if (text.matches("\\d{1,9}")) return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
      var until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return Optional.of(Duration.between(Instant.now(), until));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
