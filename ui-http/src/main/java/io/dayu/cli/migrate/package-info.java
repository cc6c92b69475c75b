/**
 * Pipelines made of the files of the existing Python system of the same design: its DAGs ({@code
 * .dag}), its data sources and a few of its settings. {@link io.dayu.cli.migrate.DayuFiles} reads
 * them, {@link io.dayu.cli.migrate.Migration} makes a document and says what it could not.
 */
@NullMarked
package io.dayu.cli.migrate;

import org.jspecify.annotations.NullMarked;
