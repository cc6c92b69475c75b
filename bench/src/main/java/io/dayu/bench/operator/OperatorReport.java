package io.dayu.bench.operator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import java.util.Locale;
import java.util.Optional;

/**
 * What the operator does and costs. Memory is resident, in millions of bytes.
 *
 * @param size of the cluster
 * @param builtSeconds from the start of its process until everything is made, ready and told
 * @param writesPerMinute while nothing changes
 * @param restartSeconds from the start of another process until it has looked at everything
 * @param restartCpuSeconds of the CPU, until then
 * @param restartChanges what that one has changed of Dayu's pipelines and services
 * @param cloudMb of a cloud node without it
 * @param cloudWithMb of a cloud node with it, and with an empty cluster
 * @param emptyMb by itself, with an empty cluster
 * @param fullMb by itself, after it has built up everything
 * @param restartedMb by itself, after it has looked at everything
 */
record OperatorReport(
    Simulation.Size size,
    double builtSeconds,
    double writesPerMinute,
    double restartSeconds,
    double restartCpuSeconds,
    long restartChanges,
    double cloudMb,
    double cloudWithMb,
    double emptyMb,
    double fullMb,
    double restartedMb) {
  private static final int DIGITS = 4;

  /** What a cloud node would be larger with it and this cluster. */
  double addedMb() {
    return cloudWithMb - cloudMb + Math.max(fullMb, restartedMb) - emptyMb;
  }

  ObjectNode json() {
    var json = JsonNodeFactory.instance.objectNode().put("bench", "operator");
    json.put("nodes", size.nodes())
        .put("pipelines", size.pipelines())
        .put("services", size.services())
        .put("builtSeconds", figure(builtSeconds))
        .put("writesPerMinute", figure(writesPerMinute))
        .put("restartSeconds", figure(restartSeconds))
        .put("restartCpuSeconds", figure(restartCpuSeconds));
    json.putObject("rssMb")
        .put("cloud", figure(cloudMb))
        .put("cloudWithOperator", figure(cloudWithMb))
        .put("empty", figure(emptyMb))
        .put("full", figure(fullMb))
        .put("restarted", figure(restartedMb))
        .put("added", figure(addedMb()));
    return json;
  }

  /** For people. */
  String text() {
    return "%s nodes, %s pipelines, %s services%n%n"
            .formatted(size.nodes(), size.pipelines(), size.services())
        + Table.of(">BUILT UP", ">WRITES A MINUTE", ">LOOKED AT AGAIN", ">CPU OF THAT")
            .row(
                seconds(builtSeconds),
                number(writesPerMinute),
                seconds(restartSeconds),
                seconds(restartCpuSeconds))
            .render("")
        + System.lineSeparator()
        + Table.of("RESIDENT", ">EMPTY CLUSTER", ">LARGE CLUSTER", ">AFTER A RESTART")
            .row("cloud node without it", megabytes(cloudMb), "", "")
            .row("cloud node with it", megabytes(cloudWithMb), "", "")
            .row("by itself", megabytes(emptyMb), megabytes(fullMb), megabytes(restartedMb))
            .render("")
        + System.lineSeparator()
        + "It adds %s to a cloud node.%n".formatted(megabytes(addedMb()));
  }

  Optional<String> failure() {
    if (writesPerMinute > 0) return Optional.of("it writes while nothing changes");
    return restartChanges > 0 ? Optional.of("a restart changes something") : Optional.empty();
  }

  private static double figure(double value) {
    return Statistics.significant(value, DIGITS);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.0f", value);
  }

  private static String seconds(double value) {
    return String.format(Locale.ROOT, "%.1f s", value);
  }

  private static String megabytes(double value) {
    return String.format(Locale.ROOT, "%.0f MB", value);
  }
}
