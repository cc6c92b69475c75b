package io.dayu.k8s.reconcile;

import io.dayu.client.ApiAccess;
import io.dayu.settings.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dayu operator}: the operator as a program of its own. */
@Command(
    name = "dayu operator",
    mixinStandardHelpOptions = true,
    description = "Keeps a Kubernetes cluster as its resources of dayu.io say.")
public final class OperatorCommand implements Runnable {
  @Spec private CommandSpec spec;

  public static void main(String[] args) {
    if (System.getProperty("logback.configurationFile") == null)
      System.setProperty("logback.configurationFile", "io/dayu/k8s/logback.xml");
    System.exit(new CommandLine(new OperatorCommand()).execute(args));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description =
          "Runs until it is ended. The API server is found as kubectl does, by KUBECONFIG or the"
              + " service account of the pod; of several operators in a namespace one works.")
  int operate(
      @Option(
              names = "--namespace",
              defaultValue = "dayu-system",
              showDefaultValue = CommandLine.Help.Visibility.ALWAYS,
              description = "Of the installation.")
          String namespace,
      @Option(
              names = "--api",
              paramLabel = "URL",
              defaultValue = "${env:DAYU_API:-http://127.0.0.1:8080}",
              description = "The API of a cloud node; DAYU_API, else http://127.0.0.1:8080.")
          String api,
      @Option(
              names = "--token",
              defaultValue = "${env:DAYU_TOKEN}",
              description =
                  "API token with the role admin (write will do without StageServices);"
                      + " DAYU_TOKEN if not given.")
          Optional<String> token,
      @Option(
              names = "--cluster-domain",
              defaultValue = "cluster.local",
              showDefaultValue = CommandLine.Help.Visibility.ALWAYS,
              description = "Of the cluster's DNS.")
          String domain,
      @Option(
              names = "--management",
              paramLabel = "HOST:PORT",
              defaultValue = "127.0.0.1:7627",
              description =
                  "Where /alive, /ready and /metrics are served, without a token (default"
                      + " 127.0.0.1:7627).")
          String management)
      throws InterruptedException {
    var usual = settings(namespace);
    var address = read("--api", api, ApiAccess::address);
    var secret = token.filter(t -> !t.isBlank()).map(t -> read("--token", t, ApiAccess::token));
    var metrics = new OperatorMetrics();
    var endpoint = endpoint(read("--management", management, HostPort::parse), metrics);
    var ended = new CountDownLatch(1);
    var operator =
        OperatorProcess.start(
            new OperatorSettings(
                usual.namespace(),
                usual.identity(),
                domain,
                usual.threads(),
                usual.poll(),
                usual.absence(),
                usual.lease(),
                usual.firstPort(),
                usual.ports(),
                true),
            address,
            secret,
            metrics);
    endpoint.ready(true);
    java.lang.Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  endpoint.ready(false);
                  operator.close();
                  endpoint.close();
                  ended.countDown();
                },
                "operator-stop"));
    ended.await();
    return CommandLine.ExitCode.OK;
  }

  private OperatorEndpoint endpoint(HostPort at, OperatorMetrics metrics) {
    try {
      return OperatorEndpoint.start(at, metrics);
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--management %s cannot be bound (%s); take a free port"
              .formatted(HostPort.text(at.host(), at.port()), e.getMessage()),
          e);
    }
  }

  private OperatorSettings settings(String namespace) {
    return read("--namespace", namespace, n -> OperatorSettings.of(n, identity()));
  }

  private <T> T read(String name, String text, Function<String, T> read) {
    try {
      return read.apply(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), name + " " + e.getMessage(), e);
    }
  }

  private static String identity() {
    try {
      return InetAddress.getLocalHost().getHostName() + "-" + ProcessHandle.current().pid();
    } catch (UnknownHostException e) {
      return "operator-" + ProcessHandle.current().pid();
    }
  }
}
