package io.dayu.bench.compare;

/** From an element's creation to its stored result, at 50 a second; in milliseconds. */
record Latency(double p50, double p99) {}
