/**
 * What every bench uses: the life of the processes under measurement, waiting, CPU time, statistics
 * of repeated measurements, and the options that several commands have. No bench lives here, and
 * none is known here.
 */
@NullMarked
package io.dayu.bench.run;

import org.jspecify.annotations.NullMarked;
