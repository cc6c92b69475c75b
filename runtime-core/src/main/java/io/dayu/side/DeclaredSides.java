package io.dayu.side;

import com.google.protobuf.ByteString;
import io.dayu.stage.Causes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Reads what this node's configuration declares: files and addresses. Safe for any thread. */
public final class DeclaredSides implements SideSources {
  private final SideSettings settings;
  private final Executor blocking;
  private final Duration patience;
  private @Nullable HttpClient client; // made when it is needed; guarded by this

  /**
   * @param blocking reads files
   * @param patience how long a read may take
   */
  public DeclaredSides(SideSettings settings, Executor blocking, Duration patience) {
    this.settings = settings;
    this.blocking = blocking;
    this.patience = patience;
  }

  @Override
  public Optional<Duration> every(String name) {
    return Optional.ofNullable(settings.declared().get(name)).map(SideSettings.Declared::every);
  }

  @Override
  public CompletionStage<ByteString> read(String name) {
    var declared = settings.declared().get(name);
    if (declared == null) return failed("nothing is declared as dayu.side-inputs." + name);
    CompletableFuture<ByteString> reading =
        declared.place() instanceof SideSettings.InFile in
            ? CompletableFuture.supplyAsync(() -> file(in.file()), blocking)
            : fetch(((SideSettings.At) declared.place()).url());
    return reading
        .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            error -> {
              var cause = Causes.of(error);
              boolean late =
                  cause instanceof TimeoutException || cause instanceof HttpTimeoutException;
              return late
                  ? failed("it was not read within %s s".formatted(patience.toSeconds()))
                  : CompletableFuture.failedStage(cause);
            });
  }

  private static <T> CompletionStage<T> failed(String why) {
    return CompletableFuture.failedStage(new IOException(why));
  }

  private static ByteString file(Path file) {
    try (var in = Files.newInputStream(file)) {
      var bytes = in.readNBytes(SideValues.MOST + 1);
      if (bytes.length > SideValues.MOST)
        throw new IOException(SideValues.tooLarge(Math.max(Files.size(file), bytes.length)));
      return ByteString.copyFrom(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CompletableFuture<ByteString> fetch(URI url) {
    var request =
        HttpRequest.newBuilder(url).timeout(patience).header("Accept", "application/json");
    var answer =
        client()
            .sendAsync(
                request.build(),
                info -> info.statusCode() == 200 ? new Bounded() : new Refused(info.statusCode()));
    var body = answer.thenApply(HttpResponse::body);
    // What is given up must not go on receiving.
    var unused =
        body.whenComplete(
            (bytes, error) -> {
              if (error != null) answer.cancel(true);
            });
    return body;
  }

  private synchronized HttpClient client() {
    var made = client;
    if (made == null) {
      made =
          HttpClient.newBuilder()
              // Where a redirect leads nobody has declared.
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(patience)
              .build();
      client = made;
    }
    return made;
  }

  /** A body of {@link SideValues#MOST} bytes at most. */
  private static class Bounded implements HttpResponse.BodySubscriber<ByteString> {
    final CompletableFuture<ByteString> body = new CompletableFuture<>();
    private final ByteString.Output bytes = ByteString.newOutput();
    private Flow.@Nullable Subscription subscription;

    @Override
    public CompletionStage<ByteString> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      if (body.isDone()) return;
      for (var buffer : buffers) {
        var part = new byte[Math.min(buffer.remaining(), SideValues.MOST + 1)];
        buffer.get(part);
        bytes.write(part, 0, part.length);
        if (bytes.size() <= SideValues.MOST) continue;
        if (subscription != null) subscription.cancel();
        body.completeExceptionally(
            new IOException(
                "it has more than %s bytes, which is the most".formatted(SideValues.MOST)));
        return;
      }
    }

    @Override
    public void onError(Throwable error) {
      body.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      body.complete(bytes.toByteString());
    }
  }

  private static final class Refused extends Bounded {
    private final int status;

    Refused(int status) {
      this.status = status;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.cancel();
      body.completeExceptionally(new IOException("its address answers with status " + status));
    }
  }
}
