package io.dayu.http;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * Answers what is not even HTTP, or has a header or an address that cannot be read. Pekko looks for
 * the only instance under the name that Scala gives to objects.
 */
public final class UnreadableRequests extends ParsingErrorHandler {
  /** The only instance. */
  public static final UnreadableRequests MODULE$ = new UnreadableRequests();

  private UnreadableRequests() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    log.debug("unreadable request: {}", error.formatPretty());
    return SecurityHeaders.on(
        Problem.of(status.intValue(), error.summary(), "send a well-formed HTTP/1.1 request")
            .response());
  }
}
