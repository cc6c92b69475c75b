package io.dayu.http;

import io.dayu.stage.Causes;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.util.ByteString;

/** Reads request bodies up to a size and within a time. */
final class RequestBodies {
  /**
   * How much more than allowed is read and thrown away, so that a client that is still sending gets
   * to read the answer instead of a reset connection.
   */
  private static final long DRAINED = 64L << 20;

  private final HttpSettings settings;
  private final Materializer materializer;

  RequestBodies(HttpSettings settings, Materializer materializer) {
    this.settings = settings;
    this.materializer = materializer;
  }

  /** Fails with a problem: 413 if it is too large, 408 if it takes too long. */
  CompletionStage<byte[]> read(HttpRequest request) {
    var length = request.entity().getContentLengthOption().orElse(0);
    var asks =
        request.getHeader("Expect").map(HttpHeader::value).orElse("").startsWith("100-continue");
    if (length > settings.maxBody() && (asks || length > DRAINED))
      return CompletableFuture.failedFuture(tooLarge());
    return request
        .entity()
        .withoutSizeLimit()
        .getDataBytes()
        .completionTimeout(settings.requestTimeout())
        .runFold(new Body(ByteString.emptyByteString(), 0), this::plus, materializer)
        .handle(
            (body, thrown) -> {
              if (thrown != null) throw failure(thrown);
              if (body.size() > settings.maxBody()) throw tooLarge();
              return body.bytes().toArray();
            });
  }

  private record Body(ByteString bytes, long size) {}

  private Body plus(Body body, ByteString more) {
    var size = body.size() + more.size();
    if (size > DRAINED) throw tooLarge();
    return size > settings.maxBody()
        ? new Body(ByteString.emptyByteString(), size)
        : new Body(body.bytes().concat(more), size);
  }

  private Problem.Refused tooLarge() {
    return Problem.of(
            413,
            "the body is larger than " + settings.maxBody() + " bytes",
            "send less, or raise dayu.http.max-body")
        .refused();
  }

  private static RuntimeException failure(Throwable thrown) {
    var cause = Causes.of(thrown);
    if (cause instanceof Problem.Refused refused) return refused;
    if (cause instanceof TimeoutException)
      return Problem.of(
              408,
              "the body did not come in time",
              "send it faster, or see dayu.http.request-timeout")
          .refused();
    return Problem.of(400, "the body broke off: " + cause.getMessage(), "send it again").refused();
  }
}
