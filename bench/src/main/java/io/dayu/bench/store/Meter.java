package io.dayu.bench.store;

import com.sun.management.OperatingSystemMXBean;
import io.dayu.store.ResultStore;
import io.dayu.store.StoredResult;
import java.lang.management.ManagementFactory;
import java.util.List;

/** Stores results and notes what that takes. For one thread at a time. */
final class Meter {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final Target target;
  private Usage total = Usage.NONE;

  Meter(Target target) {
    this.target = target;
  }

  /** Stores these, one commit for each batch; none of them may be there already. */
  void store(ResultStore store, List<List<StoredResult>> batches) {
    long rows = 0;
    long server = target.serverCpu().toNanos();
    long cpu = SYSTEM.getProcessCpuTime();
    long begun = System.nanoTime();
    for (var batch : batches) {
      int fresh = store.store(batch).size();
      if (fresh != batch.size())
        throw new IllegalStateException(fresh + " of " + batch.size() + " were stored");
      rows += fresh;
    }
    total =
        total.plus(
            new Usage(
                rows,
                System.nanoTime() - begun,
                SYSTEM.getProcessCpuTime() - cpu,
                target.serverCpu().toNanos() - server));
  }

  Usage total() {
    return total;
  }
}
