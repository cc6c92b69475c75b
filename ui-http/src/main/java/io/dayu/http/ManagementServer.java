package io.dayu.http;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;

/**
 * Serves the management endpoint to probes, nodes and people, with the bounds of the HTTP
 * interface, and to no web page: not to one of another origin, and not to one whose name was made
 * to point here.
 */
public final class ManagementServer {
  private static final Duration GRACE = Duration.ofSeconds(1);

  private ManagementServer() {}

  /**
   * Binds and serves until the system's coordinated shutdown; completes with the bound address, or
   * fails with why it cannot be bound.
   *
   * @param encryption makes an engine for each connection, which asks for the key of a node; empty
   *     for plain HTTP
   * @param names by which this node may be asked; any address and localhost may be used anyway, as
   *     no name service can turn those
   * @param limits bounds and times are taken from here
   * @param routes must not fail
   */
  public static CompletionStage<InetSocketAddress> start(
      ActorSystem<?> system,
      String host,
      int port,
      Optional<Supplier<SSLEngine>> encryption,
      Set<String> names,
      HttpSettings limits,
      Function<HttpRequest, CompletionStage<HttpResponse>> routes) {
    return Listener.start(
        system,
        host,
        port,
        encryption,
        ServerSettings.create(system.settings().config())
            .withServerHeader(Optional.empty())
            .withParsingErrorHandler(UnreadableRequests.class.getName()),
        limits.limits(),
        new Callers(limits.bounds()),
        GRACE,
        (request, caller) -> {
          var problem = refusal(request, names);
          if (problem.isPresent()) {
            request.discardEntityBytes(system);
            return CompletableFuture.completedFuture(SecurityHeaders.on(problem.get().response()));
          }
          caller.known();
          return routes.apply(request).thenApply(SecurityHeaders::on);
        });
  }

  private static Optional<Problem> refusal(HttpRequest request, Set<String> names) {
    var host = request.getUri().getHost();
    var name = host.address().toLowerCase(Locale.ROOT);
    if (host.isNamedHost()
        && !name.equals("localhost")
        && !name.endsWith(".localhost")
        && !names.contains(name))
      return Optional.of(
          Problem.of(
              421,
              "this is not the management endpoint of " + name,
              "ask it by its address, or add the name to dayu.management.names"));
    if (request.getHeader("Origin").isPresent())
      return Optional.of(
          Problem.of(403, "web pages may not use this endpoint", "see dayu.http for one that may"));
    return Optional.empty();
  }
}
