/**
 * The command line of the benches, {@code dayu bench}: {@link io.dayu.bench.Bench} alone, which
 * knows each bench by its command. The packages below never know this one:
 *
 * <ul>
 *   <li>{@code link}, {@code pipeline}, {@code fleet}, {@code idle}, {@code store}, {@code
 *       operator}: one bench each
 *   <li>{@code compare}: Dayu beside general engines; knows {@code pipeline}
 *   <li>{@code service}: stages that are programs beside those within a node; knows {@code
 *       pipeline}
 *   <li>{@code change}: pipelines that change, pause and lose a service while they run; knows
 *       {@code pipeline} and {@code service}
 *   <li>{@code reliability}: the table of promises; knows {@code chaos}
 *   <li>{@code chaos}: nodes that can be broken; knows {@code truth}
 *   <li>{@code truth}: elements that can be recognised again
 *   <li>{@code run}: what all of them use; knows none of them
 * </ul>
 *
 * <p>They start nodes with {@link io.dayu.local} and ask them with {@link io.dayu.client}.
 */
@NullMarked
package io.dayu.bench;

import org.jspecify.annotations.NullMarked;
