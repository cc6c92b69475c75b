package io.dayu.store;

import io.dayu.element.Element;
import java.util.Objects;

/**
 * A result as it is stored: exactly one per element.
 *
 * @param element without payload; outputs, trace, attempt, decision, ending and times
 * @param frameKept whether its payload can be fetched
 */
public record StoredResult(Element element, boolean frameKept) {
  public StoredResult {
    Objects.requireNonNull(element, "element");
  }
}
