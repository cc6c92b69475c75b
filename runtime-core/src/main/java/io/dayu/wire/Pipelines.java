package io.dayu.wire;

import com.google.protobuf.Struct;
import io.dayu.gossip.DesiredPipeline;
import io.dayu.lifecycle.PipelineEntity;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineDocument;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.wire.member.PipelineAnswer;
import io.dayu.wire.member.WantedPipeline;

/** Pipelines and answers about them, to and from protobuf. */
final class Pipelines {
  private Pipelines() {}

  static WantedPipeline write(DesiredPipeline pipeline) {
    var proto =
        WantedPipeline.newBuilder()
            .setVersion(pipeline.version())
            .setDocument(PipelineDocument.toStruct(pipeline.spec()));
    if (pipeline.stagesVersion() != pipeline.version())
      proto.setStagesVersion(pipeline.stagesVersion());
    return proto.build();
  }

  static DesiredPipeline read(WantedPipeline proto) {
    long version = proto.getVersion();
    return new DesiredPipeline(
        version,
        proto.getStagesVersion() == 0 ? version : proto.getStagesVersion(),
        spec(proto.getDocument()));
  }

  static PipelineSpec spec(Struct document) {
    var parsed = PipelineDocument.fromStruct(document);
    if (parsed instanceof Parsed.Ok ok) return ok.spec();
    throw new IllegalArgumentException("a stored pipeline cannot be read: " + parsed);
  }

  static PipelineAnswer answer(PipelineEntity.Answer answer) {
    var proto = PipelineAnswer.newBuilder();
    if (answer instanceof PipelineEntity.Created created)
      proto.setKind(PipelineAnswer.Kind.CREATED).setPipeline(write(created.pipeline()));
    else if (answer instanceof PipelineEntity.Replaced replaced)
      proto.setKind(PipelineAnswer.Kind.REPLACED).setPipeline(write(replaced.pipeline()));
    else if (answer instanceof PipelineEntity.Runs runs)
      proto.setKind(PipelineAnswer.Kind.RUNS).setPipeline(write(runs.pipeline()));
    else if (answer instanceof PipelineEntity.Exists) proto.setKind(PipelineAnswer.Kind.EXISTS);
    else if (answer instanceof PipelineEntity.Deleted) proto.setKind(PipelineAnswer.Kind.DELETED);
    else proto.setKind(PipelineAnswer.Kind.ABSENT);
    return proto.build();
  }

  static PipelineEntity.Answer answer(PipelineAnswer proto) {
    return switch (proto.getKind()) {
      case CREATED -> new PipelineEntity.Created(read(proto.getPipeline()));
      case REPLACED -> new PipelineEntity.Replaced(read(proto.getPipeline()));
      case RUNS -> new PipelineEntity.Runs(read(proto.getPipeline()));
      case EXISTS -> new PipelineEntity.Exists();
      case DELETED -> new PipelineEntity.Deleted();
      case ABSENT -> new PipelineEntity.Absent();
      case KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("unknown answer about a pipeline");
    };
  }
}
