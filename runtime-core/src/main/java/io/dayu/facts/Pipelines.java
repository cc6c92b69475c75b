package io.dayu.facts;

import com.google.protobuf.Struct;
import io.dayu.facts.wire.WantedPipeline;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineDocument;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.RunState;

/** Pipelines to and from protobuf; also the form in which they are kept. */
public final class Pipelines {
  private Pipelines() {}

  public static WantedPipeline write(DesiredPipeline pipeline) {
    var proto =
        WantedPipeline.newBuilder()
            .setVersion(pipeline.version())
            .setDocument(PipelineDocument.toStruct(pipeline.spec()))
            .setDeclaredOnly(pipeline.declaredOnly());
    if (pipeline.stagesVersion() != pipeline.version())
      proto.setStagesVersion(pipeline.stagesVersion());
    if (pipeline.state() != RunState.RUNNING) proto.setState(write(pipeline.state()));
    // Left out where there are none, so that the bytes are those of earlier releases.
    if (!pipeline.side().equals(SideVersions.NONE))
      proto.setSide(SideFactsProto.write(pipeline.side()));
    return proto.build();
  }

  public static DesiredPipeline read(WantedPipeline proto) {
    long version = proto.getVersion();
    return new DesiredPipeline(
        version,
        proto.getStagesVersion() == 0 ? version : proto.getStagesVersion(),
        spec(proto.getDocument()),
        proto.getDeclaredOnly(),
        state(proto.getState()),
        proto.hasSide() ? SideFactsProto.read(proto.getSide()) : SideVersions.NONE);
  }

  /**
   * Its number in messages, frozen whatever the order in which the source has the states; never 0,
   * which stands for a state that is not told.
   */
  public static int write(RunState state) {
    return switch (state) {
      case RUNNING -> 1;
      case PAUSED -> 2;
      case STOPPED -> 3;
    };
  }

  /** One that only newer releases know is not running. */
  public static RunState state(int code) {
    if (code <= write(RunState.RUNNING)) return RunState.RUNNING;
    return code == write(RunState.STOPPED) ? RunState.STOPPED : RunState.PAUSED;
  }

  public static PipelineSpec spec(Struct document) {
    var parsed = PipelineDocument.fromStruct(document);
    if (parsed instanceof Parsed.Ok ok) return ok.spec();
    throw new IllegalArgumentException("a stored pipeline cannot be read: " + parsed);
  }
}
