package io.dayu.cli;

import io.dayu.cli.install.Chart;
import io.dayu.cli.install.Installation;
import io.dayu.cli.install.Kubectl;
import io.dayu.cli.install.Overlay;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Manifests for Kubernetes. */
@Command(
    name = "k8s",
    mixinStandardHelpOptions = true,
    description = "Manifests for Kubernetes and KubeEdge.",
    synopsisSubcommandLabel = "COMMAND")
final class K8sCommand {
  @Spec private CommandSpec spec;

  @Command(
      name = "render",
      mixinStandardHelpOptions = true,
      description = {
        "Print the manifests of an installation: dayu k8s render … | kubectl apply -f -",
        "k8s/chart/values.yaml tells all values and what they mean."
      })
  int render(
      @Option(
              names = {"-f", "--values"},
              paramLabel = "FILE",
              description = "Values; of several files the later ones win.")
          @Nullable List<Path> files,
      @Option(
              names = "--set",
              paramLabel = "NAME=VALUE",
              description = "One value, such as ports.data=25531.")
          @Nullable List<String> settings,
      @Option(
              names = {"-n", "--namespace"},
              paramLabel = "NAME",
              description = "The same as --set namespace=NAME.")
          Optional<String> namespace,
      @Option(
              names = "--cloud",
              paramLabel = "NAME=ADDRESS",
              description =
                  "A node of the cloud: its name and InternalIP (kubectl get nodes -o wide).")
          @Nullable Map<String, String> cloud,
      @Option(names = "--edge", paramLabel = "NAME=ADDRESS", description = "An edge node.")
          @Nullable Map<String, String> edge,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "DIR",
              description =
                  "Write a kustomization instead of what it renders to, to be kept and changed.")
          Optional<Path> out) {
    var k8s = k8s();
    var of = Installation.defaults(k8s);
    for (var file : orNone(files)) of = of.with(file);
    for (var setting : orNone(settings)) of = of.with(setting);
    if (namespace.isPresent()) of = of.with("namespace=" + namespace.get());
    if (cloud != null)
      for (var node : cloud.entrySet()) of = of.withNode("cloud", node.getKey(), node.getValue());
    if (edge != null)
      for (var node : edge.entrySet()) of = of.withNode("edge", node.getKey(), node.getValue());
    var checked = of.checked();
    try {
      if (out.isPresent()) {
        var directory = Files.createDirectories(out.get()).toRealPath();
        Chart.write(overlay(checked, k8s, directory), directory);
        spec.commandLine().getOut().println("Now: kubectl apply -k " + out.get());
      } else {
        var directory = Files.createTempDirectory("dayu-k8s").toRealPath();
        try {
          Chart.write(overlay(checked, k8s, directory), directory);
          spec.commandLine().getOut().print(Kubectl.kustomize(directory));
        } finally {
          remove(directory);
        }
      }
    } catch (IOException e) {
      throw new UserException("the manifests cannot be written: " + e, e);
    }
    spec.commandLine().getOut().flush();
    return 0;
  }

  @Command(
      name = "chart",
      hidden = true,
      mixinStandardHelpOptions = true,
      description = "Make the templates of k8s/chart anew, after the manifests were changed.")
  int chart() {
    var templates = k8s().resolve("chart/templates");
    try {
      Chart.write(Chart.templates(k8s()), templates);
    } catch (IOException e) {
      throw new UserException("the chart cannot be written: " + e, e);
    }
    spec.commandLine().getOut().println("Templates in " + templates);
    return 0;
  }

  private static SortedMap<String, String> overlay(Installation of, Path k8s, Path directory)
      throws IOException {
    return Overlay.files(of, directory.relativize(k8s.toRealPath()).toString());
  }

  private static Path k8s() {
    return Home.find().root().resolve("k8s");
  }

  private static <T> List<T> orNone(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  private static void remove(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
