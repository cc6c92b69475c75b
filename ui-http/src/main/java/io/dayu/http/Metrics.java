package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;

import io.dayu.facts.View;
import io.dayu.http.Tokens.Role;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.util.ByteString;

/**
 * {@code /metrics}: the cluster's figures, those of this JVM, and those of the interface itself.
 */
final class Metrics implements AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();

  Metrics(Supplier<View> views, Clock clock) {
    registry.getPrometheusRegistry().register(new ViewCollector(views, clock));
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
            MediaTypes.TEXT_PLAIN,
            call ->
                CompletableFuture.completedFuture(
                    HttpResponse.create()
                        .withEntity(
                            MediaTypes.TEXT_PLAIN.toContentType(HttpCharsets.UTF_8),
                            ByteString.fromString(registry.scrape())))));
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
