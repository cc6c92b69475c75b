package io.dayu.member;

import io.dayu.facts.Decision;
import io.dayu.facts.Decisions;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DeclaredServices;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.Ledger;
import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.Latency;
import io.dayu.facts.NodeReport.Resources;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.NodeReport.StreamState;
import io.dayu.facts.NodeReport.Traffic;
import io.dayu.facts.NodeReport.Work;
import io.dayu.facts.Pipelines;
import io.dayu.facts.Reports;
import io.dayu.facts.View;
import io.dayu.pipeline.StreamName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/** What one edge was told in one session, and so what it is to be told next. No actor, no clock. */
final class Newsletter {
  private static final Resources NO_RESOURCES =
      new Resources(0, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty());

  /** What an item takes besides its own bytes, such as tag and length. */
  private static final int OVERHEAD = 16;

  private News.Place last;
  private final Map<String, NodeReport> nodes = new HashMap<>();
  private final Map<StreamName, Decision> decisions = new HashMap<>();
  private final Map<String, DesiredPipeline> wanted = new HashMap<>();
  private final Map<String, Long> dropped = new HashMap<>();
  private final Map<String, DeclaredService> services = new HashMap<>();

  Newsletter(long session) {
    this.last = new News.Place(session, 0);
  }

  /** The place of the latest news. */
  News.Place last() {
    return last;
  }

  /**
   * The view with what an edge needs of reports: where the nodes are, which stages run there, and
   * up to which number streams may have elements. Figures, which change all the time, are for the
   * scheduler only. A report of which none of that has changed since {@code before} is the same as
   * there.
   */
  static View shortened(View view, View before) {
    var brief = new TreeMap<String, View.Seen>();
    view.nodes()
        .forEach(
            (name, seen) -> {
              var now = shortened(seen.report());
              var old = before.nodes().get(name);
              brief.put(
                  name,
                  old != null && same(old.report(), now)
                      ? old
                      : new View.Seen(now, seen.receivedAt()));
            });
    return new View(brief, view.decisions(), view.pipelines(), view.dropped(), view.services());
  }

  private static boolean same(NodeReport a, NodeReport b) {
    return a.self().equals(b.self())
        && a.edition().incarnation() == b.edition().incarnation()
        && a.stages().equals(b.stages())
        && a.streams().equals(b.streams());
  }

  private static NodeReport shortened(NodeReport report) {
    return new NodeReport(
        report.self(),
        report.edition(),
        NO_RESOURCES,
        Set.of(),
        report.stages().stream()
            .map(
                s ->
                    new StageReport(
                        s.pipeline(),
                        s.stage(),
                        s.type(),
                        s.state(),
                        Work.NONE,
                        0,
                        Optional.empty()))
            .toList(),
        List.of(),
        report.streams().stream()
            .map(
                s ->
                    new StreamReport(
                            s.stream(),
                            StreamState.RUNNING,
                            0,
                            Ledger.EMPTY,
                            Traffic.NONE,
                            Latency.NONE,
                            Optional.empty())
                        .with(s.reserved(), 0))
            .toList());
  }

  /** What is new in a shortened view, in messages that can be sent; none if nothing is. */
  List<News> next(View view) {
    var issue = new Issue();
    view.nodes()
        .forEach(
            (name, seen) -> {
              var report = seen.report();
              if (report.equals(nodes.put(name, report))) return;
              issue.room(Reports.write(report).getSerializedSize());
              issue.nodes.add(report);
            });
    for (var name : List.copyOf(nodes.keySet())) {
      if (view.nodes().containsKey(name)) continue;
      nodes.remove(name);
      issue.room(name.length());
      issue.gone.add(name);
    }
    view.pipelines()
        .forEach(
            (name, pipeline) -> {
              if (pipeline.equals(wanted.put(name, pipeline))) return;
              dropped.remove(name);
              issue.room(Pipelines.write(pipeline).getSerializedSize());
              issue.wanted.add(pipeline);
            });
    view.dropped()
        .forEach(
            (name, version) -> {
              if (version.equals(dropped.put(name, version))) return;
              wanted.remove(name);
              decisions.keySet().removeIf(stream -> stream.pipeline().equals(name));
              issue.room(name.length());
              issue.dropped.add(new DroppedPipeline(name, version));
            });
    view.decisions()
        .forEach(
            (stream, decision) -> {
              if (decision.equals(decisions.put(stream, decision))) return;
              issue.room(Decisions.write(decision).getSerializedSize());
              issue.decisions.add(decision);
            });
    view.services()
        .forEach(
            (name, service) -> {
              if (service.equals(services.put(name, service))) return;
              issue.room(DeclaredServices.write(service).getSerializedSize());
              issue.services.add(service);
            });
    issue.close();
    return issue.news;
  }

  /** Puts items into messages, each at most as large as a part of gossip may be. */
  private final class Issue {
    final List<News> news = new ArrayList<>();
    final List<NodeReport> nodes = new ArrayList<>();
    final List<String> gone = new ArrayList<>();
    final List<DesiredPipeline> wanted = new ArrayList<>();
    final List<DroppedPipeline> dropped = new ArrayList<>();
    final List<Decision> decisions = new ArrayList<>();
    final List<DeclaredService> services = new ArrayList<>();
    private int bytes;

    void room(int more) {
      if (bytes > 0 && bytes + more + OVERHEAD > SharedMap.MAX_BYTES) close();
      bytes += more + OVERHEAD;
    }

    void close() {
      if (bytes == 0) return;
      bytes = 0;
      last = last.next();
      news.add(new News(last, nodes, gone, wanted, dropped, decisions, services));
      nodes.clear();
      gone.clear();
      wanted.clear();
      dropped.clear();
      decisions.clear();
      services.clear();
    }
  }
}
