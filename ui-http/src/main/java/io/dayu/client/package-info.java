/**
 * The HTTP interface from the outside: one blocking client with the errors it can end in, and the
 * answers that several packages read. Commands, the local launcher, benches and tests use it.
 *
 * <p>It knows {@link io.dayu.console} alone. It shares no class with {@link io.dayu.http}, so that
 * it meets the interface as any other program does. What a single command makes of an answer
 * belongs to that command.
 */
@NullMarked
package io.dayu.client;

import org.jspecify.annotations.NullMarked;
