/**
 * Benches: what one hop, a whole pipeline and an idle node cost, each measured in processes of
 * their own. {@link io.dayu.bench.Bench} is the command line.
 */
package io.dayu.bench;
