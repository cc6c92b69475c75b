package io.dayu.service;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer, of which no more than a limit is kept. At the limit the connection is
 * closed, so that the rest is not read either.
 */
final class BoundedBody implements BodySubscriber<byte[]> {
  private static final int OF_AN_ERROR = 64 << 10;

  /** An answer that is longer than it may be. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1;

    TooLong(int limit) {
      super("the answer is longer than max-answer, %s bytes".formatted(limit));
    }
  }

  private final int limit;
  private final boolean whole;
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private final List<ByteBuffer> parts = new ArrayList<>();
  private int size;
  private @Nullable Subscription subscription;

  private BoundedBody(int limit, boolean whole) {
    this.limit = limit;
    this.whole = whole;
  }

  /** Fails with {@link TooLong} beyond the limit. */
  static BoundedBody whole(int limit) {
    return new BoundedBody(limit, true);
  }

  /** The beginning, as much as a reason needs. */
  static BoundedBody beginning() {
    return new BoundedBody(OF_AN_ERROR, false);
  }

  /** Nothing of it, and nothing else from this connection. */
  static BoundedBody refused() {
    return new BoundedBody(0, false);
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    if (limit > 0) {
      subscription.request(Long.MAX_VALUE);
      return;
    }
    subscription.cancel();
    complete();
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (body.isDone()) return;
    for (var buffer : buffers) {
      int room = limit - size;
      if (buffer.remaining() > room) {
        if (subscription != null) subscription.cancel();
        if (whole) {
          parts.clear();
          body.completeExceptionally(new TooLong(limit));
          return;
        }
        parts.add(buffer.slice().limit(room));
        size += room;
        complete();
        return;
      }
      parts.add(buffer);
      size += buffer.remaining();
    }
  }

  @Override
  public void onError(Throwable error) {
    parts.clear();
    body.completeExceptionally(error);
  }

  @Override
  public void onComplete() {
    complete();
  }

  private void complete() {
    var bytes = new byte[size];
    int at = 0;
    for (var part : parts) {
      int length = part.remaining();
      part.get(bytes, at, length);
      at += length;
    }
    parts.clear();
    body.complete(bytes);
  }
}
