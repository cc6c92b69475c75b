/**
 * Hostile inputs by a seed, on real nodes: what strangers can send to a port, and what somebody who
 * may submit pipelines can submit.
 */
@NullMarked
package io.dayu.bench.abuse;

import org.jspecify.annotations.NullMarked;
