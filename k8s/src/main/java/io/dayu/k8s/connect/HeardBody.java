package io.dayu.k8s.connect;

import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/** The rest of an answer, which fails when no more of it comes. */
final class HeardBody<T> implements BodySubscriber<T> {
  private final BodySubscriber<T> reader;
  private final Duration beat;
  private final Executor executor;
  private final Runnable foundDead;
  private @Nullable Silence silence;
  private boolean ended;

  /**
   * @param reader does not block
   */
  HeardBody(BodySubscriber<T> reader, Duration beat, Executor executor, Runnable foundDead) {
    this.reader = reader;
    this.beat = beat;
    this.executor = executor;
    this.foundDead = foundDead;
  }

  @Override
  public CompletionStage<T> getBody() {
    return reader.getBody();
  }

  @Override
  public synchronized void onSubscribe(Subscription subscription) {
    silence = Silence.watch(beat, executor, () -> {}, () -> lost(subscription));
    reader.onSubscribe(subscription);
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> part) {
    if (silence != null) silence.heard();
    if (!ended) reader.onNext(part);
  }

  @Override
  public void onError(Throwable thrown) {
    if (end()) reader.onError(thrown);
  }

  @Override
  public void onComplete() {
    if (end()) reader.onComplete();
  }

  private void lost(Subscription subscription) {
    subscription.cancel();
    foundDead.run();
    onError(new HttpTimeoutException("the answer stopped half way"));
  }

  private synchronized boolean end() {
    if (silence != null) silence.end();
    boolean first = !ended;
    ended = true;
    return first;
  }
}
