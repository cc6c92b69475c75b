/**
 * The way to the API server: a client that notices when nobody is at the other end any more. Knows
 * nothing of ours.
 */
@NullMarked
package io.dayu.k8s.connect;

import org.jspecify.annotations.NullMarked;
