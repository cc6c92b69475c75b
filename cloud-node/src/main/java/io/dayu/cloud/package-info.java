/**
 * The main class of a cloud node, its store, and what its HTTP interface asks of the cluster.
 *
 * <p>It puts together what other modules offer and reads the configuration for it. Nobody knows it,
 * and nothing here carries an element.
 */
@NullMarked
package io.dayu.cloud;

import org.jspecify.annotations.NullMarked;
