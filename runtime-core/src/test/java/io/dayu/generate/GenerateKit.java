package io.dayu.generate;

import com.google.protobuf.ByteString;
import com.typesafe.config.ConfigFactory;
import io.dayu.deliver.OutboxStore;
import io.dayu.deliver.OutboxStoreTest;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.facts.Acknowledgement;
import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.DesiredPipeline;
import io.dayu.link.Backoff;
import io.dayu.link.FlowKit;
import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plan;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * What tests of a generator and of its parts share. The segment with number {@code n} lies between
 * the positions {@code n} and {@code n + 1} of the source, and where nothing was left out its
 * element has that number too.
 */
final class GenerateKit {
  static final StreamName STREAM = StreamName.parse("crossing/cam-0");

  /** Where tests without real time begin: after a second {@link System#nanoTime} is negative. */
  static final long NOW = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

  static final long MS = 1_000_000;

  private GenerateKit() {}

  /** The settings of {@code reference.conf}, some of them changed. */
  static GenerateSettings settings(String changes) {
    return GenerateSettings.from(
        ConfigFactory.parseString(changes)
            .withFallback(ConfigFactory.load().getConfig("dayu.generate")));
  }

  /** The same, and however busy the machine is, nothing is sent again unless a test says so. */
  static GenerateSettings patient(String changes) {
    return GenerateSettings.from(
        ConfigFactory.parseString(changes)
            .withFallback(ConfigFactory.parseString("min-resend = 1h, max-resend = 1h"))
            .withFallback(ConfigFactory.load().getConfig("dayu.generate")));
  }

  /** The waits of the settings with no chance in them. */
  static Backoff steady(GenerateSettings settings) {
    return new Backoff(settings.sourceMinBackoff(), settings.sourceMaxBackoff(), () -> 0);
  }

  /** A disk as in {@code reference.conf}, some of its settings changed. */
  static OutboxStore disk(Path dir, String changes) {
    return OutboxStore.open(dir, OutboxStoreTest.settings(changes));
  }

  /** One stage {@code detect}, with this behaviour while the cloud is out of reach. */
  static Plan plan(Offline mode) {
    var spec = Plans.plan(1, List.of(Plans.READER), "detect:reader").spec();
    var changed =
        new PipelineSpec(
            spec.name(),
            spec.sources(),
            spec.stages(),
            spec.policy(),
            spec.objective(),
            new Delivery(mode, 0));
    return new Plan(
        new DesiredPipeline(1, changed), new Catalog(List.of(Plans.READER), List.of(), List.of()));
  }

  /** {@code node:weight} for every share. */
  static SortedMap<String, List<Share>> route(String stage, String... shares) {
    var list = new ArrayList<Share>();
    for (var share : shares) {
      var parts = share.split(":");
      list.add(new Share(parts[0], Integer.parseInt(parts[1])));
    }
    return new TreeMap<>(Map.of(stage, list));
  }

  static Decision decision(long version, SortedMap<String, List<Share>> route) {
    return new Decision(
        STREAM, version, Instant.EPOCH, route, new TreeMap<>(), Knobs.NONE, "for tests");
  }

  static Acknowledgement delivered(long... seqs) {
    return new Acknowledgement(STREAM, seqs, new long[0]);
  }

  static Acknowledgement failed(long... seqs) {
    return new Acknowledgement(STREAM, new long[0], seqs);
  }

  static Segment segment(long number, int bytes) {
    var media = Media.newBuilder().setOpaque(ByteString.copyFrom(new byte[bytes])).build();
    return new Segment(media, number + 1);
  }

  static SourceSpan span(long seq) {
    return new SourceSpan(seq, seq, seq + 1, 1);
  }

  /** An element as the cutter makes it of a fresh segment. */
  static Cutter.Made fresh(long seq, int bytes) {
    var element = FlowKit.element(seq, bytes).toBuilder().clearAttempt().build();
    return new Cutter.Made(element, span(seq), true);
  }

  /** A source that a test opens as it wants. */
  static SourceProvider source(
      boolean live, Repeat repeat, Function<SourceContext, Source<Segment, NotUsed>> open) {
    var descriptor =
        new SourceDescriptor(
            "fake", "for tests", MediaType.OPAQUE, List.of(), live, repeat, "fake:cam");
    return new SourceProvider() {
      @Override
      public SourceDescriptor descriptor() {
        return descriptor;
      }

      @Override
      public boolean claims(URI uri) {
        return true;
      }

      @Override
      public Source<Segment, NotUsed> open(SourceContext context) {
        return open.apply(context);
      }
    };
  }
}
