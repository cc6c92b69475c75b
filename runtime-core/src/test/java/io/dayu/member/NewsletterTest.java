package io.dayu.member;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.facts.Decision;
import io.dayu.facts.Decision.Share;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StageState;
import io.dayu.facts.NodeReport.Work;
import io.dayu.facts.View;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.StreamName;
import io.dayu.process.Plans;
import io.dayu.source.Knobs;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class NewsletterTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final Newsletter letter = new Newsletter(7);

  @Test
  void theFirstNewsHoldAllThereIs() {
    var view = view(List.of(report(1, StageState.RUNNING, 0)), List.of(wanted("a")));
    var news = letter.next(view);
    assertThat(news).hasSize(1);
    assertThat(news.get(0).place()).isEqualTo(new News.Place(7, 1));
    assertThat(news.get(0).nodes()).extracting(NodeReport::node).containsExactly("edge-1");
    assertThat(news.get(0).wanted()).containsExactly(wanted("a"));
    assertThat(news.get(0).decisions()).containsExactly(decision("a", ""));
    assertThat(letter.next(view)).as("nothing is new").isEmpty();
    assertThat(letter.last()).isEqualTo(new News.Place(7, 1));
  }

  @Test
  void figuresOfAReportAreNoNewsAndItsStagesAre() {
    var first = shortened(View.EMPTY, report(1, StageState.STARTING, 0.1));
    var other = shortened(first, report(2, StageState.STARTING, 0.9));
    assertThat(other).isEqualTo(first);
    assertThat(letter.next(first)).hasSize(1);
    var runs = shortened(other, report(3, StageState.RUNNING, 0.9));
    var news = letter.next(runs);
    assertThat(news).hasSize(1);
    assertThat(news.get(0).place().number()).isEqualTo(2);
    assertThat(news.get(0).nodes().get(0).stages().get(0).state()).isEqualTo(StageState.RUNNING);
  }

  @Test
  void aNodeOfWhichNobodyReportsAnyMoreIsGone() {
    letter.next(view(List.of(report(1, StageState.RUNNING, 0)), List.of()));
    assertThat(letter.next(View.EMPTY))
        .singleElement()
        .satisfies(news -> assertThat(news.gone()).containsExactly("edge-1"));
  }

  @Test
  void aPipelineThatIsDroppedAndWantedAgainIsToldBothTimes() {
    letter.next(view(List.of(), List.of(wanted("a"))));
    var dropped =
        new View(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>(Map.of("a", 2L)));
    assertThat(letter.next(dropped).get(0).dropped()).containsExactly(new DroppedPipeline("a", 2));
    assertThat(letter.next(view(List.of(), List.of(wanted("a")))).get(0).wanted())
        .containsExactly(wanted("a"));
  }

  @Test
  void whatDoesNotFitIntoAMessageComesInTheNextOnes() {
    var reason = "x".repeat(60_000);
    var pipelines = IntStream.range(0, 20).mapToObj(i -> wanted("p" + i)).toList();
    var news =
        letter.next(
            new View(
                Map.of(),
                pipelines.stream()
                    .map(p -> decision(p.name(), reason))
                    .collect(Collectors.toMap(Decision::stream, d -> d)),
                pipelines.stream().collect(Collectors.toMap(DesiredPipeline::name, p -> p))));
    assertThat(news).hasSizeGreaterThan(5);
    assertThat(news.stream().map(n -> n.place().number()).toList())
        .isEqualTo(IntStream.rangeClosed(1, news.size()).mapToObj(i -> (long) i).toList());
    assertThat(news.stream().flatMap(n -> n.wanted().stream())).hasSize(20);
    assertThat(news.stream().flatMap(n -> n.decisions().stream())).hasSize(20);
    for (var one : news)
      assertThat(one.decisions().stream().mapToInt(d -> d.reason().length()).sum())
          .isLessThanOrEqualTo(SharedMap.MAX_BYTES);
  }

  @Test
  void aServiceIsToldWhenItIsDeclaredChangedAndWithdrawnAndNotBetween() {
    var declared = new DeclaredService("count", 1, Optional.of("{}"));
    assertThat(letter.next(services(declared)).get(0).services()).containsExactly(declared);
    assertThat(letter.next(services(declared))).isEmpty();
    var withdrawn = new DeclaredService("count", 2, Optional.empty());
    assertThat(letter.next(services(withdrawn)).get(0).services()).containsExactly(withdrawn);
  }

  private static View services(DeclaredService service) {
    return new View(
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(Map.of(service.name(), service)));
  }

  private static View shortened(View before, NodeReport report) {
    return Newsletter.shortened(view(List.of(report), List.of()), before);
  }

  private static View view(List<NodeReport> reports, List<DesiredPipeline> pipelines) {
    return new View(
        reports.stream().collect(Collectors.toMap(NodeReport::node, r -> new View.Seen(r, NOW))),
        pipelines.stream()
            .map(p -> decision(p.name(), ""))
            .collect(Collectors.toMap(Decision::stream, d -> d)),
        pipelines.stream().collect(Collectors.toMap(DesiredPipeline::name, p -> p)));
  }

  private static NodeReport report(long sequence, StageState state, double cpu) {
    return new NodeReport(
        new NodeReport.Self("edge-1", Role.EDGE, "north", "127.0.0.1", 25_530),
        new NodeReport.Edition(1, sequence),
        new Resources(2, cpu, 0, 0, 1, 1, 0, 0, OptionalDouble.empty()),
        Set.of("reader"),
        List.of(new StageReport("a", "detect", "reader", state, Work.NONE, 0, Optional.empty())),
        List.of(),
        List.of());
  }

  private static DesiredPipeline wanted(String name) {
    var spec = Plans.plan(1, List.of(), "detect:reader").spec();
    return new DesiredPipeline(
        1,
        new PipelineSpec(
            name, spec.sources(), spec.stages(), spec.policy(), spec.objective(), spec.delivery()));
  }

  private static Decision decision(String pipeline, String reason) {
    return new Decision(
        new StreamName(pipeline, "cam-0"),
        1,
        NOW,
        new TreeMap<>(Map.of("detect", List.of(new Share("edge-1", 1)))),
        new TreeMap<>(),
        Knobs.NONE,
        reason);
  }
}
