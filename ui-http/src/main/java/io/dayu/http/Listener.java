package io.dayu.http;

import io.dayu.http.Callers.Caller;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.TLSClosing;
import org.apache.pekko.stream.TLSProtocol.SendBytes;
import org.apache.pekko.stream.TLSProtocol.SessionBytes;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.TLS;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;

/**
 * Listens for HTTP on one address. Pekko's own binding takes the first 1,024 connections and leaves
 * all others waiting, whoever they are; here each connection is counted and timed before HTTP sees
 * it.
 */
final class Listener {
  /** As many as the system of most machines lets wait. */
  private static final int BACKLOG = 128;

  private static final BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>
      UNENCRYPTED =
          BidiFlow.fromFlows(
                  Flow.of(SslTlsOutbound.class),
                  Flow.of(SessionBytes.class).map(SslTlsInbound.class::cast))
              .atop(TLSPlacebo.getInstance());

  private final ActorSystem<?> system;
  private final Optional<Supplier<SSLEngine>> encryption;
  private final Materializer materializer;
  private final ServerSettings settings;
  private final Conversation.Limits limits;
  private final Callers callers;
  private final BiFunction<HttpRequest, Caller, CompletionStage<HttpResponse>> handler;
  private final Set<Conversation> conversations = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;
  private final CompletableFuture<Done> empty = new CompletableFuture<>();
  private final SharedKillSwitch abort = KillSwitches.shared("http-end");

  private Listener(
      ActorSystem<?> system,
      Optional<Supplier<SSLEngine>> encryption,
      ServerSettings settings,
      Conversation.Limits limits,
      Callers callers,
      BiFunction<HttpRequest, Caller, CompletionStage<HttpResponse>> handler) {
    this.system = system;
    this.encryption = encryption;
    this.materializer = SystemMaterializer.get(system).materializer();
    this.settings = settings;
    this.limits = limits;
    this.callers = callers;
    this.handler = handler;
  }

  /**
   * Binds, and serves until the system's coordinated shutdown: then no connection is taken,
   * requests under way have {@code grace} to end.
   *
   * @param encryption makes an engine for each connection; empty for plain HTTP
   * @param handler must not fail
   */
  static CompletionStage<InetSocketAddress> start(
      ActorSystem<?> system,
      String host,
      int port,
      Optional<Supplier<SSLEngine>> encryption,
      ServerSettings settings,
      Conversation.Limits limits,
      Callers callers,
      Duration grace,
      BiFunction<HttpRequest, Caller, CompletionStage<HttpResponse>> handler) {
    var listener = new Listener(system, encryption, settings, limits, callers, handler);
    return Tcp.get(system)
        .bind(host, port, BACKLOG, List.of(), false, Optional.<Duration>empty())
        .to(Sink.foreach(listener::accept))
        .run(listener.materializer)
        .thenApply(
            binding -> {
              listener.endWith(binding, grace);
              return binding.localAddress();
            });
  }

  private static BidiFlow<ByteString, ByteString, ByteString, ByteString, NotUsed> encrypted(
      Supplier<SSLEngine> engines) {
    return BidiFlow.fromFlows(
            Flow.of(ByteString.class).<SslTlsOutbound>map(SendBytes::new),
            Flow.of(SslTlsInbound.class)
                .map(
                    in ->
                        in instanceof SessionBytes some
                            ? some.bytes()
                            : ByteString.emptyByteString())
                .filter(ByteString::nonEmpty))
        .atop(TLS.create(engines, session -> {}, TLSClosing.eagerClose()));
  }

  private void endWith(Tcp.ServerBinding binding, Duration grace) {
    var shutdown = CoordinatedShutdown.get(system);
    shutdown.addTask(
        CoordinatedShutdown.PhaseServiceUnbind(),
        "http-unbind",
        () -> binding.unbind().thenApply(any -> Done.getInstance()));
    shutdown.addTask(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "http-requests",
        () -> {
          stopping = true;
          conversations.forEach(Conversation::stop);
          if (callers.size() == 0) empty.complete(Done.getInstance());
          return empty
              .completeOnTimeout(Done.getInstance(), grace.toMillis(), TimeUnit.MILLISECONDS)
              .thenApply(
                  done -> {
                    abort.abort(new Ended());
                    return done;
                  });
        });
  }

  /** Why a connection ends at once; no stack trace, as it is no error. */
  private static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1;

    private Ended() {
      super("the connection had to give way, or the server stops", null, false, false);
    }
  }

  private void accept(Tcp.IncomingConnection connection) {
    var end = KillSwitches.shared("http-caller");
    var admitted =
        callers.admit(connection.remoteAddress().getAddress(), () -> end.abort(new Ended()));
    if (admitted.isEmpty() || stopping) {
      admitted.ifPresent(Caller::left);
      connection.handleWith(
          Flow.fromSinkAndSource(Sink.<ByteString>cancelled(), Source.empty()), materializer);
      return;
    }
    var caller = admitted.get();
    var conversation = new Conversation(caller, limits);
    conversations.add(conversation);
    var count = new AtomicInteger();
    var plain =
        Http.get(system)
            .serverLayer(settings)
            .atop(UNENCRYPTED)
            .atop(BidiFlow.fromGraph(conversation));
    var layers = encryption.map(engines -> plain.atop(encrypted(engines))).orElse(plain);
    Flow<HttpRequest, HttpResponse, NotUsed> answers =
        Flow.of(HttpRequest.class)
            .mapAsync(
                1,
                request -> {
                  var refusal = conversation.refusal(count.incrementAndGet());
                  return (refusal == null
                          ? handler.apply(request, caller)
                          : CompletableFuture.completedFuture(
                              SecurityHeaders.on(refusal.response())))
                      .thenApply(response -> watched(caller, response));
                });
    // TCP's side is watched: it ends last.
    Flow<ByteString, ByteString, NotUsed> bytes =
        Flow.of(ByteString.class)
            .via(abort.flow())
            .via(end.flow())
            .via(layers.reversed().join(answers))
            .watchTermination(
                (notUsed, done) -> {
                  done.whenComplete((any, thrown) -> left(caller, conversation));
                  return notUsed;
                });
    connection.handleWith(bytes, materializer);
  }

  private void left(Caller caller, Conversation conversation) {
    caller.left();
    conversations.remove(conversation);
    if (stopping && callers.size() == 0) empty.complete(Done.getInstance());
  }

  /** Tells the caller's record when the last byte of the answer has been handed to HTTP. */
  private HttpResponse watched(Caller caller, HttpResponse response) {
    var watched = response;
    if (response.entity().getContentType().mediaType().equals(MediaTypes.TEXT_EVENT_STREAM)
        && !caller.streams()) {
      response.discardEntityBytes(materializer);
      watched =
          SecurityHeaders.on(
              Problem.of(
                      429,
                      "this address has as many event streams as it may have",
                      "close some of them, or raise dayu.http.connections-per-address")
                  .response()
                  .addHeader(RawHeader.create("Retry-After", "10")));
    }
    if (watched.entity().isStrict()) {
      caller.answered();
      return watched;
    }
    return watched.transformEntityDataBytes(
        Flow.of(ByteString.class)
            .watchTermination(
                (notUsed, done) -> {
                  done.whenComplete((any, thrown) -> caller.answered());
                  return notUsed;
                }));
  }
}
