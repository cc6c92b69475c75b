/**
 * The database of results: exactly one of each element, and the kept payloads, on SQLite or
 * PostgreSQL; and how its tables, with those that other components have in it, go from release to
 * release.
 *
 * <p>No actor lives here; calls block and belong on a dispatcher for that. It may know {@link
 * io.dayu.disk} and {@link io.dayu.facts}.
 */
@NullMarked
package io.dayu.store;

import org.jspecify.annotations.NullMarked;
