package io.dayu.bench.idle;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.bench.run.Statistics;
import io.dayu.console.Table;
import java.util.Locale;

/**
 * What an edge node costs that does nothing.
 *
 * @param rssMb the most resident memory seen, in millions of bytes
 * @param cpuPercent of one core
 * @param readySeconds as the node says, from the start of its JVM
 * @param readyWallSeconds from the start of its process to the moment others can see it is ready
 */
record IdleReport(double rssMb, double cpuPercent, double readySeconds, double readyWallSeconds) {
  private static final int DIGITS = 4;

  ObjectNode json() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("bench", "idle")
        .put("rssMb", Statistics.significant(rssMb, DIGITS))
        .put("cpuPercent", Statistics.significant(cpuPercent, DIGITS))
        .put("readySeconds", readySeconds)
        .put("readyWallSeconds", readyWallSeconds)
        .put("heapMb", IdleBench.HEAP_MB);
  }

  /** For people. */
  String text() {
    return Table.of(">MEMORY", ">CPU OF A CORE", ">READY", ">READY, WALL CLOCK")
        .row(
            String.format(Locale.ROOT, "%.0f MB", rssMb),
            String.format(Locale.ROOT, "%.1f %%", cpuPercent),
            String.format(Locale.ROOT, "%.1f s", readySeconds),
            String.format(Locale.ROOT, "%.1f s", readyWallSeconds))
        .render("");
  }
}
