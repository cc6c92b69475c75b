package io.dayu.read;

import io.dayu.source.Access;
import io.dayu.source.ShownUri;
import io.dayu.source.Target;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a server for the rest of an answer that broke off (RFC 9110, 14: range requests).
 *
 * @param request the one that was answered
 * @param validator of the content, so that the rest of another content is never taken for it
 * @param length of the whole content
 * @param access checked before each connection
 */
record HttpRest(HttpRequest request, String validator, long length, Access access)
    implements HttpBody.Rest {
  private static final Logger LOG = LoggerFactory.getLogger(HttpRest.class);
  private static final int PART = 206;
  private static final int TIMEOUT = 408;
  private static final int TOO_MANY = 429;
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18})");

  /** They would keep the server from sending what is known in part. */
  private static final List<String> CONDITIONS = List.of("if-none-match", "if-modified-since");

  /** Empty if the server does not say that and how it can be asked for a part. */
  static Optional<HttpBody.Rest> of(HttpResponse<?> response, Access access) {
    var headers = response.headers();
    var length = headers.firstValueAsLong("Content-Length");
    var ranges = headers.firstValue("Accept-Ranges").orElse("");
    if (length.isEmpty() || !ranges.equalsIgnoreCase("bytes")) return Optional.empty();
    return validator(headers)
        .map(known -> new HttpRest(response.request(), known, length.getAsLong(), access));
  }

  /** A strong one: equal for equal bytes only. */
  private static Optional<String> validator(HttpHeaders headers) {
    return headers
        .firstValue("ETag")
        .filter(tag -> !tag.startsWith("W/"))
        .or(() -> headers.firstValue("Last-Modified").filter(time -> isOlder(time, headers)));
  }

  /** A time says nothing of what is written within the same second. */
  private static boolean isOlder(String modified, HttpHeaders headers) {
    try {
      var then = ZonedDateTime.parse(modified, DateTimeFormatter.RFC_1123_DATE_TIME);
      var now =
          ZonedDateTime.parse(
              headers.firstValue("Date").orElse(""), DateTimeFormatter.RFC_1123_DATE_TIME);
      return Duration.between(then, now).compareTo(Duration.ofSeconds(1)) >= 0;
    } catch (DateTimeException e) {
      return false;
    }
  }

  @Override
  public Optional<InputStream> from(long position) throws IOException {
    access.check(Target.of(request.uri()));
    var again =
        HttpRequest.newBuilder(
                request, (name, value) -> !CONDITIONS.contains(name.toLowerCase(Locale.ROOT)))
            .header("Range", "bytes=" + position + "-")
            .header("If-Range", validator)
            .build();
    var response = HttpAnswer.send(again);
    if (isThat(response, position)) {
      LOG.info(
          "{}: the connection broke after {} of {} bytes, and the answer goes on from there",
          ShownUri.of(request.uri()),
          position,
          length);
      return Optional.of(response.body());
    }
    response.body().close();
    int status = response.statusCode();
    if (status >= 500 || status == TIMEOUT || status == TOO_MANY)
      throw new IOException("status " + status);
    return Optional.empty();
  }

  private boolean isThat(HttpResponse<?> response, long position) {
    var range = RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
    return response.statusCode() == PART
        && range.matches()
        && Long.parseLong(range.group(1)) == position
        && Long.parseLong(range.group(2)) == length;
  }
}
