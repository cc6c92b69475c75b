package io.dayu.k8s.connect;

import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.net.http.WebSocket.Listener;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Makes web sockets that ping, and fail when they hear neither that nor anything else. */
final class HeardWebSocketBuilder implements WebSocket.Builder {
  private final WebSocket.Builder builder;
  private final Duration beat;
  private final Executor executor;
  private final Runnable foundDead;

  HeardWebSocketBuilder(
      WebSocket.Builder builder, Duration beat, Executor executor, Runnable foundDead) {
    this.builder = builder;
    this.beat = beat;
    this.executor = executor;
    this.foundDead = foundDead;
  }

  @Override
  public WebSocket.Builder header(String name, String value) {
    builder.header(name, value);
    return this;
  }

  @Override
  public WebSocket.Builder connectTimeout(Duration timeout) {
    builder.connectTimeout(timeout);
    return this;
  }

  @Override
  public WebSocket.Builder subprotocols(String preferred, String... lesser) {
    builder.subprotocols(preferred, lesser);
    return this;
  }

  @Override
  public CompletableFuture<WebSocket> buildAsync(java.net.URI uri, Listener listener) {
    return builder.buildAsync(uri, new Heard(listener));
  }

  private final class Heard implements Listener {
    private final Listener listener;
    private final AtomicBoolean ended = new AtomicBoolean();
    private @Nullable Silence silence; // set before anything else is told
    private CompletableFuture<?> ping = CompletableFuture.completedFuture(null); // of beats alone

    Heard(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void onOpen(WebSocket socket) {
      silence = Silence.watch(beat, executor, () -> ping(socket), () -> lost(socket));
      listener.onOpen(socket);
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      heard();
      return listener.onText(socket, text, last);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer bytes, boolean last) {
      heard();
      return listener.onBinary(socket, bytes, last);
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket socket, ByteBuffer message) {
      heard();
      return listener.onPing(socket, message);
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
      heard();
      return listener.onPong(socket, message);
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      return end() ? listener.onClose(socket, code, reason) : null;
    }

    @Override
    public void onError(WebSocket socket, Throwable thrown) {
      if (end()) listener.onError(socket, thrown);
    }

    private void heard() {
      if (silence != null) silence.heard();
    }

    /**
     * One at a time, as the JDK wants it. That a connection has broken is told by one that cannot
     * be sent, since the JDK reads no end from it while nobody asks for what comes next.
     */
    private void ping(WebSocket socket) {
      if (!ping.isDone()) return;
      ping =
          socket
              .sendPing(ByteBuffer.allocate(0))
              .whenComplete(
                  (sent, thrown) -> {
                    if (thrown == null) return;
                    socket.abort();
                    onError(socket, thrown);
                  });
    }

    private void lost(WebSocket socket) {
      socket.abort();
      foundDead.run();
      onError(socket, new HttpTimeoutException("nothing was heard, not even an answer to a ping"));
    }

    private boolean end() {
      if (silence != null) silence.end();
      return ended.compareAndSet(false, true);
    }
  }
}
