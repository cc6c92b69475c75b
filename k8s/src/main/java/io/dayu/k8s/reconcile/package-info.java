/**
 * The operator: reads what is there from caches, asks {@code desired} what should be, and writes
 * where it differs.
 */
@NullMarked
package io.dayu.k8s.reconcile;

import org.jspecify.annotations.NullMarked;
