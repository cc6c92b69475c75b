package io.dayu.bench.pipeline;

import io.dayu.cli.LedgerCounts;

/**
 * The latency without queues: the next element leaves when the result of the last one is stored and
 * acknowledged.
 *
 * @param latency over at most the last 30 s
 */
record OneInFlight(StreamFigures.Latency latency, double elementsPerSecond, LedgerCounts ledger) {
  /** Starts an edge of its own: the window is a setting of the node. */
  static OneInFlight run(Setup setup, String edge) {
    setup.start(
        setup
            .edge(edge)
            .with("dayu.generate.min-window", "1")
            .with("dayu.generate.max-window", "1"));
    var load = new Documents.Load(edge, setup.payload(), 0, 0);
    var documents = Documents.on(edge, Setup.CLOUD);
    setup.submit("latency-warm-up", documents, load);
    setup.waiting().pass(setup.title("one in flight, warming up"), setup.warmUp());
    setup.delete("latency-warm-up");
    // A pipeline of its own begins with empty statistics.
    setup.submit("latency", documents, load);
    var rates = new ClosedLoop.Rates();
    setup
        .waiting()
        .pass(
            setup.title("one in flight"),
            setup.duration(),
            passed -> rates.report(setup.figures("latency")));
    var last = setup.figures("latency");
    setup.delete("latency");
    return new OneInFlight(last.latency(), rates.mean(), last.ledger());
  }
}
