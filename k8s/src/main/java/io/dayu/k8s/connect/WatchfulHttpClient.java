package io.dayu.k8s.connect;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client of the JDK, and what it lacks for a peer that is silent: answers that stop half
 * way fail, web sockets are pinged and fail without a word for two beats, and connections that may
 * have gone the same way as one that was found dead are not used again. Without the last, each of
 * those it keeps would have to be waited for in turn; over HTTP/2 it would even keep the dead one.
 */
final class WatchfulHttpClient extends HttpClient {
  /** One client of the JDK with the connections that it keeps. */
  private record Connections(HttpClient client, AtomicBoolean haveAnswered) {}

  private final Supplier<HttpClient> make;
  private final Duration beat;
  private volatile Connections present;

  WatchfulHttpClient(Supplier<HttpClient> make, Duration beat) {
    this.make = make;
    this.beat = beat;
    present = anew();
  }

  private Connections anew() {
    return new Connections(make.get(), new AtomicBoolean());
  }

  /**
   * Those that have never answered are all young, and a peer that does not answer them answers no
   * others: new ones would only be more.
   */
  private synchronized void foundDead(Connections connections) {
    if (connections.haveAnswered().get() && present.equals(connections)) present = anew();
  }

  private Executor threads() {
    return executor().orElseGet(() -> Runnable::run);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler) {
    return sendAsync(request, handler, null);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, @Nullable PushPromiseHandler<T> pushes) {
    var by = present;
    BodyHandler<T> heard =
        head -> {
          by.haveAnswered().set(true);
          return new HeardBody<>(handler.apply(head), beat, threads(), () -> foundDead(by));
        };
    return by.client()
        .sendAsync(request, heard, pushes)
        .whenComplete(
            (answer, thrown) -> {
              var cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
              if (cause instanceof HttpTimeoutException) foundDead(by);
            });
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException("the library asks without a thread");
  }

  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    var by = present;
    return new HeardWebSocketBuilder(
        by.client().newWebSocketBuilder(), beat, threads(), () -> foundDead(by));
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return present.client().cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return present.client().connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return present.client().followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return present.client().proxy();
  }

  @Override
  public SSLContext sslContext() {
    return present.client().sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return present.client().sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return present.client().authenticator();
  }

  @Override
  public Version version() {
    return present.client().version();
  }

  @Override
  public Optional<Executor> executor() {
    return present.client().executor();
  }
}
