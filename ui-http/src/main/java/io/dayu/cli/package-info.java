/**
 * The command line {@code dayu}: one picocli class per command, and what only commands need, which
 * is the text that they print and the run of the demo. {@link io.dayu.cli.Dayu} is the main class.
 *
 * <p>The highest of the client's packages: it knows {@link io.dayu.local}, {@link io.dayu.client}
 * and {@link io.dayu.console}, and nobody knows it. What a bench or a test needs as well belongs to
 * one of those. Commands reach a cluster over its HTTP interface only.
 */
@NullMarked
package io.dayu.cli;

import org.jspecify.annotations.NullMarked;
