package io.dayu.bench.pipeline;

import io.dayu.bench.run.BenchPipeline;
import io.dayu.bench.run.StreamFigures;
import io.dayu.client.LedgerCounts;

/**
 * The latency without queues: the window is one element, and the source makes one when the result
 * of the last one has long been stored and acknowledged. A source that always had the next one
 * ready would show how long that one waited for the window instead.
 *
 * @param latency over at most the last 30 s
 */
public record OneInFlight(
    StreamFigures.Latency latency, double elementsPerSecond, LedgerCounts ledger) {
  private static final String PIPELINE = "latency";
  private static final long PER_SECOND = 50;

  /** Starts an edge of its own: the window is a setting of the node. */
  public static OneInFlight run(Setup setup, String edge) {
    setup.start(
        setup
            .edge(edge)
            .with("dayu.generate.min-window", "1")
            .with("dayu.generate.max-window", "1"));
    var pipeline = BenchPipeline.over(edge, edge, Setup.CLOUD);
    // The compilers learn from many elements, so these come as fast as they can.
    var warmUp = new BenchPipeline.Load(edge, setup.payload(), 0, 0);
    setup.submit(PIPELINE + "-warm-up", pipeline, warmUp);
    setup.waiting().pass(setup.title("one in flight, warming up"), setup.warmUp());
    setup.delete(PIPELINE + "-warm-up");
    // A pipeline of its own begins with empty statistics.
    setup.submit(PIPELINE, pipeline, new BenchPipeline.Load(edge, setup.payload(), PER_SECOND, 0));
    var rates = new ClosedLoop.Rates();
    setup
        .waiting()
        .pass(
            setup.title("one in flight"),
            setup.duration(),
            passed -> rates.report(setup.figures(PIPELINE)));
    var last = setup.figures(PIPELINE);
    setup.delete(PIPELINE);
    return new OneInFlight(last.latency(), rates.mean(), last.ledger());
  }
}
