package io.dayu.store;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Some results of a pipeline, in the order they were stored.
 *
 * @param next where to go on; empty if there is no more at the moment
 */
public record ResultPage(List<StoredResult> items, Optional<String> next) {
  public ResultPage {
    items = List.copyOf(items);
    Objects.requireNonNull(next, "next");
  }
}
