package io.dayu.compare;

import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The work by Flink in one process. {@code compare.chained=true}: one task manager, all stages
 * called by each other. Otherwise: two task managers, each stage a task of its own, and between the
 * second and the third of them TCP.
 */
public final class FlinkProgram {
  private FlinkProgram() {}

  public static void main(String[] args) throws Exception {
    var work = Work.fromProperties();
    boolean chained = Boolean.getBoolean("compare.chained");
    var configuration = new Configuration();
    configuration.set(TaskManagerOptions.MINI_CLUSTER_NUM_TASK_MANAGERS, chained ? 1 : 2);
    configuration.set(TaskManagerOptions.NUM_TASK_SLOTS, 1);
    var env = StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    env.getConfig().enableObjectReuse(); // nothing is copied from stage to stage
    if (work.stored()) env.enableCheckpointing(1000);
    if (work.latency()) env.setBufferTimeout(0);
    if (!chained) env.disableOperatorChaining();
    var cloud = chained ? "edge" : "cloud"; // a slot of its own, which another task manager has
    TypeInformation<Tuple4<String, Long, Long, byte[]>> type =
        Types.TUPLE(Types.STRING, Types.LONG, Types.LONG, Types.PRIMITIVE_ARRAY(Types.BYTE));
    env.fromSource(
            new DataGeneratorSource<Tuple4<String, Long, Long, byte[]>>(
                new Generator(work), Long.MAX_VALUE, type),
            WatermarkStrategy.noWatermarks(),
            "source")
        .slotSharingGroup("edge")
        .map(new Identity())
        .returns(type)
        .slotSharingGroup("edge")
        .map(new Identity())
        .returns(type)
        .slotSharingGroup("edge")
        .map(new Identity())
        .returns(type)
        .slotSharingGroup(cloud)
        .sinkTo(new Store(work))
        .slotSharingGroup(cloud);
    Meter.start();
    env.execute("compare");
  }

  private static final class Identity
      implements MapFunction<
          Tuple4<String, Long, Long, byte[]>, Tuple4<String, Long, Long, byte[]>> {
    @Override
    public Tuple4<String, Long, Long, byte[]> map(Tuple4<String, Long, Long, byte[]> element) {
      return element;
    }
  }

  private static final class Generator
      implements GeneratorFunction<Long, Tuple4<String, Long, Long, byte[]>> {
    private final Work work;
    private transient Work.Pace pace;
    private transient byte[] payload;

    Generator(Work work) {
      this.work = work;
    }

    @Override
    public Tuple4<String, Long, Long, byte[]> map(Long seq) {
      if (pace == null) {
        pace = new Work.Pace(work);
        payload = new byte[work.payload()];
      }
      long due = pace.due();
      while (due != 0 && System.nanoTime() < due) LockSupport.parkNanos(due - System.nanoTime());
      pace.made();
      return Tuple4.of(Work.STREAM, seq, due == 0 ? 0 : System.nanoTime(), payload);
    }
  }

  private record Store(Work work) implements Sink<Tuple4<String, Long, Long, byte[]>> {
    @Override
    public SinkWriter<Tuple4<String, Long, Long, byte[]>> createWriter(WriterInitContext context) {
      return new Writer(new Results(work), context.getProcessingTimeService());
    }
  }

  private static final class Writer implements SinkWriter<Tuple4<String, Long, Long, byte[]>> {
    private static final long LOOK_MILLIS = 10;
    private final Results results;
    private final ProcessingTimeService timers;

    Writer(Results results, ProcessingTimeService timers) {
      this.results = results;
      this.timers = timers;
      look();
    }

    private void look() {
      timers.registerTimer(
          timers.getCurrentProcessingTime() + LOOK_MILLIS,
          time -> {
            results.commitWhatWaits();
            look();
          });
    }

    @Override
    public void write(Tuple4<String, Long, Long, byte[]> element, Context context) {
      results.add(element.f0, element.f1, element.f2);
    }

    /** Before each checkpoint. */
    @Override
    public void flush(boolean endOfInput) {
      results.commit();
    }

    @Override
    public void close() throws Exception {
      results.close();
    }
  }
}
