package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;

import io.dayu.facts.View;
import io.dayu.http.Tokens.Role;
import io.dayu.store.Pruner;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.util.ByteString;

/**
 * {@code /metrics}: the cluster's figures, those of this JVM, those of the interface itself, and
 * what else the node has to tell.
 */
final class Metrics implements AutoCloseable {
  private static final ContentType.NonBinary TEXT =
      textType("text", "plain", Map.of("version", "0.0.4"));
  private static final ContentType.NonBinary OPEN_METRICS =
      textType("application", "openmetrics-text", Map.of("version", "1.0.0"));

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();

  Metrics(
      Supplier<View> views, Supplier<Pruner.Usage> store, Clock clock, List<MultiCollector> more) {
    registry.getPrometheusRegistry().register(new ViewCollector(views, store, clock));
    more.forEach(registry.getPrometheusRegistry()::register);
    gc.bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  MeterRegistry registry() {
    return registry;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            GET,
            "/metrics",
            Role.READ,
            List.of(MediaTypes.TEXT_PLAIN, OPEN_METRICS.mediaType()),
            call -> CompletableFuture.completedFuture(scrape(Accepted.by(call.request())))));
  }

  /** The text format unless the caller likes OpenMetrics better, as Prometheus does. */
  private HttpResponse scrape(Accepted accepted) {
    var type =
        accepted.quality(OPEN_METRICS.mediaType()) > accepted.quality(MediaTypes.TEXT_PLAIN)
            ? OPEN_METRICS
            : TEXT;
    return HttpResponse.create()
        .withEntity(type, ByteString.fromString(registry.scrape(type.toString())));
  }

  private static ContentType.NonBinary textType(
      String main, String sub, Map<String, String> parameters) {
    return MediaTypes.customWithOpenCharset(main, sub, new HashMap<>(parameters), false)
        .toContentType(HttpCharsets.UTF_8);
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
