package io.dayu.http;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.dayu.settings.HostPort;
import io.dayu.stage.Causes;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP interface of a cloud node: {@code /api/v1}, {@code /metrics} and the live page. */
public final class HttpServer {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

  /** Requests under way may end within this time when the server stops. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  /** The router answers what takes too long, and with a problem document. */
  private static final Config ROUTER_KEEPS_TIME =
      ConfigFactory.parseString("pekko.http.server.request-timeout = infinite");

  private HttpServer() {}

  /** Why the interface cannot be started, in words for the one who starts it. */
  public static final class CannotStart extends RuntimeException {
    private static final long serialVersionUID = 1;

    private CannotStart(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Binds and serves until the system's coordinated shutdown. Completes when requests are taken;
   * fails with {@link CannotStart} if the address is in use or cannot be bound, or if it would be
   * open to other machines without credentials.
   */
  public static CompletionStage<InetSocketAddress> start(
      ActorSystem<?> system, HttpSettings settings, ControlPlane control) {
    return start(system, settings, control, List.of());
  }

  /**
   * The same.
   *
   * @param more figures for {@code /metrics}, collected at each scrape
   */
  public static CompletionStage<InetSocketAddress> start(
      ActorSystem<?> system,
      HttpSettings settings,
      ControlPlane control,
      List<MultiCollector> more) {
    if (settings.tokens().open() && !settings.loopback())
      return CompletableFuture.failedFuture(
          new CannotStart(
              "dayu.http.host = %s would let other machines in without credentials; set dayu.http.tokens, or bind 127.0.0.1"
                  .formatted(settings.host()),
              null));
    var clock = Clock.systemUTC();
    var metrics = new Metrics(control::view, control::stored, clock, more);
    var streams = KillSwitches.shared("http-events");
    var materializer = SystemMaterializer.get(system).materializer();
    var sse = new Sse(settings.heartbeat(), streams);
    var router =
        new Router(
            endpoints(control, settings, clock, metrics, sse, materializer),
            settings,
            metrics.registry(),
            materializer);
    return Listener.start(
            system,
            settings.host(),
            settings.port(),
            Optional.empty(),
            ServerSettings.create(ROUTER_KEEPS_TIME.withFallback(system.settings().config()))
                .withServerHeader(Optional.empty())
                .withTransparentHeadRequests(true)
                .withParsingErrorHandler(UnreadableRequests.class.getName()),
            settings.limits(),
            new Callers(settings.bounds()),
            GRACE,
            router::handle)
        .handle(
            (address, thrown) -> {
              if (thrown != null) {
                metrics.close();
                throw cannotStart(settings, thrown);
              }
              var shutdown = CoordinatedShutdown.get(system);
              shutdown.addTask(
                  CoordinatedShutdown.PhaseServiceUnbind(),
                  "end-http-event-streams",
                  () -> {
                    streams.shutdown();
                    return CompletableFuture.completedFuture(Done.getInstance());
                  });
              shutdown.addTask(
                  CoordinatedShutdown.PhaseServiceStop(),
                  "end-http-metrics",
                  () -> {
                    metrics.close();
                    return CompletableFuture.completedFuture(Done.getInstance());
                  });
              LOG.info(
                  "HTTP interface at http://{} ({})",
                  HostPort.text(settings.host(), address.getPort()),
                  settings.tokens().open() ? "open to this machine" : "with tokens");
              return address;
            });
  }

  /** Everything that is served. */
  static List<Endpoint> endpoints(
      ControlPlane control,
      HttpSettings settings,
      Clock clock,
      Metrics metrics,
      Sse sse,
      Materializer materializer) {
    var bodies = new RequestBodies(settings, materializer);
    var endpoints = new ArrayList<Endpoint>();
    endpoints.addAll(new PipelineEndpoints(control, settings, clock, bodies, sse).endpoints());
    endpoints.addAll(new ResultEndpoints(control, sse).endpoints());
    endpoints.addAll(new FailedEndpoints(control, bodies).endpoints());
    endpoints.addAll(new SideEndpoints(control, bodies).endpoints());
    endpoints.addAll(new ServiceEndpoints(control, bodies).endpoints());
    endpoints.addAll(new ClusterEndpoints(control, settings, clock).endpoints());
    endpoints.addAll(metrics.endpoints());
    endpoints.addAll(StaticEndpoints.endpoints());
    return endpoints;
  }

  private static CannotStart cannotStart(HttpSettings settings, Throwable thrown) {
    for (var cause = thrown; cause != null; cause = cause.getCause())
      if (cause instanceof BindException)
        return new CannotStart(
            "port %s on %s is in use or not ours (%s); stop what holds it or set dayu.http.port"
                .formatted(settings.port(), settings.host(), cause.getMessage()),
            thrown);
    return new CannotStart(
        "cannot bind %s (%s); see dayu.http.host and dayu.http.port"
            .formatted(HostPort.text(settings.host(), settings.port()), Causes.of(thrown)),
        thrown);
  }
}
