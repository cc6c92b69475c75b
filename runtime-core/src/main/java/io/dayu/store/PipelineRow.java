package io.dayu.store;

import io.dayu.pipeline.PipelineSpec.Retain;
import java.util.Optional;

/**
 * A pipeline as the store knows it.
 *
 * @param stored results that were ever stored; the next one has the place behind them
 * @param pruned how many of them, from the first on, are gone
 * @param retain what its document said last
 * @param lastMark the newest
 */
record PipelineRow(
    int id,
    String name,
    long stored,
    long pruned,
    Retain retain,
    Optional<RetentionTable.Mark> lastMark) {
  PipelineRow with(Retain other) {
    return new PipelineRow(id, name, stored, pruned, other, lastMark);
  }
}
