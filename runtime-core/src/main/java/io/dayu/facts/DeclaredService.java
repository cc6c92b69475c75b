package io.dayu.facts;

import java.util.Objects;
import java.util.Optional;

/**
 * A service that was declared over the API, or is declared no longer; which nodes it is for stands
 * in the document.
 *
 * @param version rises with each change, a withdrawal included
 * @param document the declaration as JSON; empty if it is withdrawn
 */
public record DeclaredService(String name, long version, Optional<String> document)
    implements Wire {
  public DeclaredService {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(document, "document");
  }

  /** The later one. */
  public static DeclaredService later(DeclaredService a, DeclaredService b) {
    return b.version() >= a.version() ? b : a;
  }
}
