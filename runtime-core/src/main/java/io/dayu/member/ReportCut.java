package io.dayu.member;

import io.dayu.facts.NodeReport;
import io.dayu.facts.NodeReport.LinkReport;
import io.dayu.facts.NodeReport.StageReport;
import io.dayu.facts.NodeReport.StreamReport;
import io.dayu.facts.Reports;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Makes a report small enough to be sent. */
final class ReportCut {
  /** For what the report says of the cut itself, and of what else the node cannot tell. */
  private static final int RESERVE = 4 << 10;

  private ReportCut() {}

  static int size(NodeReport report) {
    return Reports.write(report).getSerializedSize();
  }

  /**
   * The report itself if it fits; else one that says so, with as many streams as fit, then stages,
   * then links.
   */
  static NodeReport fit(NodeReport report, int bytes) {
    if (size(report) <= bytes - RESERVE) return report;
    var streams = new ArrayList<StreamReport>();
    var stages = new ArrayList<StageReport>();
    var links = new ArrayList<LinkReport>();
    int left = bytes - RESERVE - size(with(report, streams, stages, links));
    left =
        add(report.streams(), streams, left, s -> with(report, List.of(s), stages, links), report);
    left =
        add(report.stages(), stages, left, s -> with(report, List.of(), List.of(s), links), report);
    var unused =
        add(
            report.links(),
            links,
            left,
            l -> with(report, List.of(), List.of(), List.of(l)),
            report);
    return with(report, streams, stages, links)
        .withProblem(
            "its report is larger than a message may be: %s of %s streams, %s of %s stages and %s of %s links are left out; read fewer sources here, and run fewer stages"
                .formatted(
                    report.streams().size() - streams.size(),
                    report.streams().size(),
                    report.stages().size() - stages.size(),
                    report.stages().size(),
                    report.links().size() - links.size(),
                    report.links().size()));
  }

  /** Moves what fits. Returns the room that is left. */
  private static <T> int add(
      List<T> all, List<T> kept, int room, Function<T, NodeReport> alone, NodeReport report) {
    int bare = size(with(report, List.of(), List.of(), List.of()));
    for (var item : all) {
      int bytes = size(alone.apply(item)) - bare;
      if (bytes > room) return room;
      kept.add(item);
      room -= bytes;
    }
    return room;
  }

  private static NodeReport with(
      NodeReport report,
      List<StreamReport> streams,
      List<StageReport> stages,
      List<LinkReport> links) {
    return new NodeReport(
        report.self(),
        report.edition(),
        report.resources(),
        report.stageTypes(),
        stages,
        links,
        streams,
        report.problem(),
        report.budgets(),
        report.services(),
        report.keptFailed());
  }
}
