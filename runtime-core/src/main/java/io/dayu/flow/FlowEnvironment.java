package io.dayu.flow;

import io.dayu.deliver.FailedStore;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.Uplink;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.Readable;
import io.dayu.generate.GenerateSettings;
import io.dayu.generate.StreamMemory;
import io.dayu.keys.NodeKeys;
import io.dayu.link.LinkSettings;
import io.dayu.node.LastRun;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.StreamName;
import io.dayu.process.ProcessSettings;
import io.dayu.settings.NodeMemory;
import io.dayu.side.SideStore;
import io.dayu.stage.ModelFiles;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the flow system of a node works with.
 *
 * @param sampler blocking; called on {@code blocking}
 * @param nanos a clock as {@link System#nanoTime}
 */
public record FlowEnvironment(
    Self self,
    Settings settings,
    Catalog catalog,
    Uplink uplink,
    Storage storage,
    Supplier<Resources> sampler,
    Executor blocking,
    Clock clock,
    LongSupplier nanos) {
  /**
   * This node, as others know it.
   *
   * @param host where its data port is reached
   * @param readable what pipelines of others than the machine's user may read here
   */
  public record Self(String node, Role role, String site, String host, Readable readable) {}

  /**
   * @param reportEvery between two reports of a node
   * @param keys for the links to and from other nodes
   * @param memory on which all parts of the node draw
   * @param models that stages may load
   * @param askCloud how often it is looked whether to wait for the cloud any longer, after a run
   *     that died early
   */
  public record Settings(
      Duration reportEvery,
      ProcessSettings process,
      GenerateSettings generate,
      LinkSettings links,
      Optional<NodeKeys> keys,
      NodeMemory memory,
      ModelFiles models,
      Duration askCloud) {}

  /**
   * What outlives the process.
   *
   * @param known what the node knew when it ended the last time
   * @param memory what is kept of a stream, by its name
   * @param outbox where results and elements wait while no cloud node can be reached
   * @param failed what is kept of elements that failed
   * @param sides the values of side inputs
   * @param run how the last process ended
   */
  public record Storage(
      LastKnown known,
      Function<StreamName, StreamMemory> memory,
      OutboxStore outbox,
      FailedStore failed,
      SideStore sides,
      LastRun run) {}
}
