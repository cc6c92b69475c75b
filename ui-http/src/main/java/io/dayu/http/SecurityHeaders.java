package io.dayu.http;

import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Headers of every answer, whoever makes it. */
final class SecurityHeaders {
  /** A page that loads nothing from elsewhere and runs no script but its own. */
  private static final List<HttpHeader> ALL =
      List.of(
          RawHeader.create(
              "Content-Security-Policy",
              "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
          RawHeader.create("X-Content-Type-Options", "nosniff"),
          RawHeader.create("Referrer-Policy", "no-referrer"));

  private SecurityHeaders() {}

  static HttpResponse on(HttpResponse response) {
    var secured = response.addHeaders(ALL);
    return secured.getHeader("Cache-Control").isPresent()
        ? secured
        : secured.addHeader(RawHeader.create("Cache-Control", "no-store"));
  }
}
