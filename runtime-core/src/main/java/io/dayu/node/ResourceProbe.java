package io.dayu.node;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.CentralProcessor.TickType;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.hardware.NetworkIF;
import oshi.software.os.OSProcess;

/**
 * The counters of this machine and process, by OSHI. Objects are kept and updated in place, and
 * nothing lists processes: making them anew costs more than all else. Not thread-safe.
 */
final class ResourceProbe implements Supplier<ResourceSampler.Counters> {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceProbe.class);

  /** Interfaces rarely change, and listing them is the most expensive read. */
  private static final int READS_PER_SCAN = 60;

  // OSHI is loaded by the first read, not at start.
  private @Nullable HardwareAbstractionLayer hardware;
  private @Nullable OSProcess process;
  private List<NetworkIF> interfaces = List.of();
  private int readsToScan;
  private boolean hasSensor = true;

  @Override
  public ResourceSampler.Counters get() {
    if (hardware == null || process == null) {
      var system = new SystemInfo();
      hardware = system.getHardware();
      process = system.getOperatingSystem().getCurrentProcess();
    }
    var processor = hardware.getProcessor();
    var ticks = processor.getSystemCpuLoadTicks();
    var total = 0L;
    for (var type : TickType.values()) total += ticks[type.getIndex()];
    var idle = ticks[TickType.IDLE.getIndex()] + ticks[TickType.IOWAIT.getIndex()];
    var memory = hardware.getMemory();
    process.updateAttributes();
    updateInterfaces(hardware);
    return new ResourceSampler.Counters(
        total - idle,
        total,
        loadPerCore(processor),
        process.getKernelTime() + process.getUserTime(),
        memory.getTotal(),
        memory.getAvailable(),
        process.getResidentSetSize(),
        interfaces.stream().mapToLong(NetworkIF::getBytesRecv).sum(),
        interfaces.stream().mapToLong(NetworkIF::getBytesSent).sum(),
        celsius(hardware));
  }

  private static double loadPerCore(CentralProcessor processor) {
    var load = processor.getSystemLoadAverage(1)[0];
    return load < 0 ? load : load / processor.getLogicalProcessorCount();
  }

  private void updateInterfaces(HardwareAbstractionLayer hardware) {
    if (readsToScan-- > 0) {
      interfaces.forEach(NetworkIF::updateAttributes);
    } else {
      interfaces = hardware.getNetworkIFs(false); // without loopback
      readsToScan = READS_PER_SCAN;
    }
  }

  /** Where there is no sensor OSHI starts programs to find one, so it is asked only once. */
  private OptionalDouble celsius(HardwareAbstractionLayer hardware) {
    if (!hasSensor) return OptionalDouble.empty();
    try {
      var celsius = hardware.getSensors().getCpuTemperature();
      if (celsius > 0) return OptionalDouble.of(celsius);
      LOG.info("No temperature sensor: the temperature is left out of reports");
    } catch (RuntimeException | LinkageError e) {
      LOG.info(
          "The temperature sensor cannot be read and is left out of reports: {}", e.toString());
    }
    hasSensor = false;
    return OptionalDouble.empty();
  }
}
