package io.dayu.compare;

import com.hazelcast.cluster.Address;
import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.function.FunctionEx;
import com.hazelcast.function.SupplierEx;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.BroadcastKey;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.Edge;
import com.hazelcast.jet.core.Processor;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import com.hazelcast.jet.core.processor.Processors;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/**
 * The work by Hazelcast's Jet, one of two members: {@code compare.member} is 1 for the one with the
 * source and two stages, 2 for the one with the third stage and the store. {@code compare.ports}
 * are both members' ports, with a comma between them.
 */
public final class JetProgram {
  private static final String HOST = "127.0.0.1";
  private static final int FACTORY = 1;

  private JetProgram() {}

  public static void main(String[] args) throws Exception {
    var work = Work.fromProperties();
    var ports = System.getProperty("compare.ports").split(",");
    int first = Integer.parseInt(ports[0]);
    int second = Integer.parseInt(ports[1]);
    boolean source = Integer.getInteger("compare.member") == 1;
    var hazelcast = Hazelcast.newHazelcastInstance(config(source ? first : second, first, second));
    Meter.start();
    if (!source) return; // runs on until it is ended from outside
    awaitBoth(hazelcast);
    var job = new JobConfig().setProcessingGuarantee(ProcessingGuarantee.NONE);
    if (work.stored())
      job.setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE).setSnapshotIntervalMillis(1000);
    hazelcast.getJet().newJob(dag(work, first, second), job).join();
  }

  private static Config config(int port, int first, int second) {
    var config = new Config().setClusterName("compare");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.getJetConfig().setEnabled(true);
    config.getSerializationConfig().addDataSerializableFactory(FACTORY, id -> new Item());
    var network = config.getNetworkConfig();
    network.setPort(port).setPortAutoIncrement(false);
    network.getInterfaces().setEnabled(true).addInterface(HOST);
    var join = network.getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig()
        .setEnabled(true)
        .addMember(HOST + ":" + first)
        .addMember(HOST + ":" + second);
    return config;
  }

  private static void awaitBoth(HazelcastInstance hazelcast) throws InterruptedException {
    while (hazelcast.getCluster().getMembers().size() < 2) Thread.sleep(50);
  }

  private static DAG dag(Work work, int first, int second) throws IOException {
    var dag = new DAG();
    var source = dag.newVertex("source", new At(first, () -> new Source(work))).localParallelism(1);
    var a = dag.newVertex("a", Processors.mapP(FunctionEx.identity())).localParallelism(1);
    var b = dag.newVertex("b", Processors.mapP(FunctionEx.identity())).localParallelism(1);
    var c = dag.newVertex("c", Processors.mapP(FunctionEx.identity())).localParallelism(1);
    var sink = dag.newVertex("sink", new At(second, () -> new Store(work))).localParallelism(1);
    dag.edge(Edge.between(source, a));
    dag.edge(Edge.between(a, b));
    dag.edge(Edge.between(b, c).allToOne("compare").distributeTo(new Address(HOST, second)));
    dag.edge(Edge.between(c, sink));
    return dag;
  }

  /** An element. */
  public static final class Item implements IdentifiedDataSerializable {
    private String stream = "";
    private long seq;
    private long created;
    private byte[] payload = {};

    @Override
    public int getFactoryId() {
      return FACTORY;
    }

    @Override
    public int getClassId() {
      return 1;
    }

    @Override
    public void writeData(ObjectDataOutput out) throws IOException {
      out.writeString(stream);
      out.writeLong(seq);
      out.writeLong(created);
      out.writeByteArray(payload);
    }

    @Override
    public void readData(ObjectDataInput in) throws IOException {
      stream = in.readString();
      seq = in.readLong();
      created = in.readLong();
      payload = in.readByteArray();
    }
  }

  /** A processor on the member with that port; the other one's is done at once. */
  private record At(int port, SupplierEx<Processor> processor) implements ProcessorMetaSupplier {
    @Override
    public Function<? super Address, ? extends ProcessorSupplier> get(List<Address> members) {
      return member ->
          ProcessorSupplier.of(member.getPort() == port ? processor : Processors.noopP());
    }
  }

  private static final class Source extends AbstractProcessor {
    private static final int AT_ONCE = 1024;
    private final Work.Pace pace;
    private final byte[] payload;
    private long seq;
    private Item pending; // null if the outbox took the last one

    Source(Work work) {
      this.pace = new Work.Pace(work);
      this.payload = new byte[work.payload()];
    }

    @Override
    public boolean complete() {
      for (int i = 0; i < AT_ONCE; i++) {
        if (pending == null) {
          long due = pace.due();
          if (due != 0 && System.nanoTime() < due) return false;
          pending = new Item();
          pending.stream = Work.STREAM;
          pending.seq = seq++;
          pending.created = due == 0 ? 0 : System.nanoTime();
          pending.payload = payload;
          pace.made();
        }
        if (!tryEmit(pending)) return false;
        pending = null;
      }
      return false;
    }

    @Override
    public boolean saveToSnapshot() {
      return tryEmitToSnapshot(BroadcastKey.broadcastKey("seq"), pending == null ? seq : seq - 1);
    }

    @Override
    protected void restoreFromSnapshot(Object key, Object value) {
      seq = (Long) value;
    }
  }

  private static final class Store extends AbstractProcessor {
    private final Work work;
    private Results results;

    Store(Work work) {
      this.work = work;
    }

    @Override
    public boolean isCooperative() {
      return false; // it waits for the disk
    }

    @Override
    protected void init(Context context) {
      results = new Results(work);
    }

    @Override
    protected boolean tryProcess(int ordinal, Object item) {
      var element = (Item) item;
      results.add(element.stream, element.seq, element.created);
      return true;
    }

    @Override
    public boolean tryProcess() {
      results.commitWhatWaits();
      return true;
    }

    @Override
    public boolean saveToSnapshot() {
      results.commit();
      return true;
    }

    @Override
    public void close() throws Exception {
      if (results != null) results.close();
    }
  }
}
