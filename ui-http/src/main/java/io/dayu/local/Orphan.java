package io.dayu.local;

import java.util.List;
import java.util.Optional;

/**
 * Programs of a home that run although the one that started them, a demo or a bench, was killed.
 * Nodes of {@code dayu up} are none: they belong to nobody but {@code dayu down}.
 *
 * @param name of the node, or of its main class
 */
public record Orphan(String name, long pid) {
  private static final List<String> MAIN_CLASSES =
      List.of(
          NodeOptions.Role.CLOUD.mainClass(),
          NodeOptions.Role.EDGE.mainClass(),
          "io.dayu.sim.SimSource");

  /** Those of a home; none where the operating system does not show processes. */
  public static List<Orphan> of(Home home) {
    var up = BackgroundCluster.directory(home);
    return NodeProcesses.all().stream()
        .filter(p -> NodeProcesses.dataDir(p).filter(dir -> dir.startsWith(up)).isEmpty())
        .filter(p -> p.arguments().stream().anyMatch(a -> a.startsWith(home.root() + "/")))
        .flatMap(p -> mainClass(p).map(main -> orphan(p, main)).stream())
        .filter(orphan -> !hasStarter(orphan.pid()))
        .toList();
  }

  private static Optional<String> mainClass(NodeProcesses.Running process) {
    return process.arguments().stream().filter(MAIN_CLASSES::contains).findFirst();
  }

  private static Orphan orphan(NodeProcesses.Running process, String mainClass) {
    var simple = mainClass.substring(mainClass.lastIndexOf('.') + 1);
    return new Orphan(NodeProcesses.name(process).orElse(simple), process.pid());
  }

  /** Whether its parent is a JVM still; otherwise another process has adopted it. */
  private static boolean hasStarter(long pid) {
    return ProcessHandle.of(pid)
        .flatMap(ProcessHandle::parent)
        .flatMap(parent -> parent.info().command())
        .filter(command -> command.endsWith("/java"))
        .isPresent();
  }
}
