package io.dayu.pipeline;

import io.dayu.element.MediaType;
import io.dayu.source.Knob;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.stage.Parameter;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.net.URI;
import java.util.List;
import java.util.Set;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.stream.javadsl.Source;

/** A catalog of descriptors only: enough to verify pipelines against. */
final class SampleCatalog {
  private SampleCatalog() {}

  static final Catalog CATALOG =
      new Catalog(
          List.of(
              stage(
                  "object-detection",
                  Set.of(MediaType.FRAMES),
                  Set.of(),
                  MediaType.BOXES,
                  Parameter.required("labels", Parameter.Type.STRINGS, "what to find"),
                  Parameter.optional("threshold", Parameter.Type.NUMBER, 0.5, "least score")),
              stage(
                  "box-tracker",
                  Set.of(MediaType.FRAMES),
                  Set.of(MediaType.BOXES),
                  MediaType.BOXES),
              stage("exposure", Set.of(MediaType.FRAMES), Set.of(), MediaType.LABELS),
              stage(
                  "count-by-label",
                  Set.of(),
                  Set.of(MediaType.BOXES, MediaType.LABELS),
                  MediaType.LABELS),
              stage("moving-average", Set.of(MediaType.READINGS), Set.of(), MediaType.READINGS),
              stage("brightness", Set.of(MediaType.FRAMES), Set.of(), MediaType.READINGS),
              stage(
                  "unusual",
                  Set.of(MediaType.READINGS),
                  Set.of(MediaType.READINGS),
                  MediaType.LABELS),
              stage("any", MediaType.all(), Set.of(), MediaType.OPAQUE)),
          List.of(
              new SampleSource("camera", "http", MediaType.FRAMES),
              new SampleSource("sensor", "csv", MediaType.READINGS)),
          List.of("least-loaded", "fixed", "round-robin"));

  private static StageProvider stage(
      String type,
      Set<MediaType> payload,
      Set<MediaType> inputs,
      MediaType output,
      Parameter... parameters) {
    return new SampleStage(
        new StageDescriptor(type, "1", "", payload, inputs, output, List.of(parameters), 1, 0));
  }

  private record SampleStage(StageDescriptor descriptor) implements StageProvider {
    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Stages.sync(element -> Stages.output(element.getPayload()));
    }
  }

  private record SampleSource(String name, String scheme, MediaType payload)
      implements SourceProvider {
    @Override
    public SourceDescriptor descriptor() {
      return new SourceDescriptor(
          name,
          "",
          payload,
          List.of(new Knob("fps", "frames per second", 10), new Knob("height", "pixels", 720)),
          true,
          Repeat.NONE,
          scheme + "://host/data");
    }

    @Override
    public boolean claims(URI uri) {
      return uri.getScheme().equals(scheme);
    }

    @Override
    public Source<Segment, NotUsed> open(SourceContext context) {
      return Source.empty();
    }
  }
}
