package io.dayu.bench.revision;

import io.dayu.console.UserException;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one container of a Deployment as a kubelet keeps it: its program is started with the
 * environment of the pod template, started again when it ends (the second time and later after a
 * wait), and probed as the template says. Not safe for several threads.
 */
final class Container {
  private static final Duration BACK_OFF = Duration.ofSeconds(10);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);

  private final Deployment deployment;
  private final Map<String, String> parameters;
  private final Path log;
  private @Nullable Process process;
  private long startNanos = System.nanoTime();
  private long probeNanos;
  private int failures; // probes in a row
  private boolean started;
  private boolean ready;
  private int ends;

  /**
   * @param parameters of the ConfigMap that its environment is taken from
   */
  Container(Deployment deployment, Map<String, String> parameters, Path log) {
    this.deployment = deployment;
    this.parameters = Map.copyOf(parameters);
    this.log = log;
  }

  Deployment deployment() {
    return deployment;
  }

  boolean isReady() {
    return ready;
  }

  /** How often its program has ended by itself. */
  int ends() {
    return ends;
  }

  /** Does what is due; blocks for a probe at most. */
  void look() {
    long now = System.nanoTime();
    var running = process;
    if (running != null && !running.isAlive()) {
      ends++;
      process = null;
      started = false;
      ready = false;
      startNanos = now + (ends == 1 ? 0 : BACK_OFF.toNanos());
    } else if (running == null) {
      if (now - startNanos >= 0) start(now);
    } else if (now - probeNanos >= 0) probe(now);
  }

  private void start(long now) {
    var container = deployment.getSpec().getTemplate().getSpec().getContainers().get(0);
    var command = new ArrayList<>(container.getCommand());
    command.addAll(container.getArgs());
    var builder = new ProcessBuilder(command);
    builder.environment().putAll(parameters);
    for (EnvVar variable : container.getEnv())
      if (variable.getValue() != null)
        builder.environment().put(variable.getName(), variable.getValue());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UserException("cannot start " + command + ": " + e.getMessage(), e);
    }
    failures = 0;
    probeNanos = now;
  }

  private void probe(long now) {
    var container = deployment.getSpec().getTemplate().getSpec().getContainers().get(0);
    var probe = started ? container.getReadinessProbe() : container.getStartupProbe();
    probeNanos = now + TimeUnit.SECONDS.toNanos(probe.getPeriodSeconds());
    if (answers(probe)) {
      failures = 0;
      started = true;
      ready = true;
    } else if (++failures >= probe.getFailureThreshold()) ready = false;
  }

  private static boolean answers(Probe probe) {
    var get = probe.getHttpGet();
    try {
      var there =
          URI.create(
              "http://%s:%s%s".formatted(get.getHost(), get.getPort().getIntVal(), get.getPath()));
      var connection = (HttpURLConnection) there.toURL().openConnection();
      connection.setConnectTimeout((int) PROBE_TIMEOUT.toMillis());
      connection.setReadTimeout((int) PROBE_TIMEOUT.toMillis());
      try {
        return connection.getResponseCode() / 100 == 2;
      } finally {
        connection.disconnect();
      }
    } catch (IOException notThere) {
      return false;
    }
  }

  /** As a deleted pod: its program is asked to end. */
  void end() {
    if (process != null) process.destroy();
  }
}
