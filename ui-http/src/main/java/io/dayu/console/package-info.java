/**
 * What a program says to the person who started it: progress, tables, figures with their units, and
 * the exception whose message is shown as it is. Commands, the local launcher and the benches use
 * it.
 *
 * <p>The lowest of this module's packages: nothing here knows the HTTP interface, a process or a
 * command, and nothing here reads the command line.
 */
@NullMarked
package io.dayu.console;

import org.jspecify.annotations.NullMarked;
