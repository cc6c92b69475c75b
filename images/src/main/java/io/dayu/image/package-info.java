/**
 * Builds the container images of nodes and of the datasource server, without a container engine.
 */
@NullMarked
package io.dayu.image;

import org.jspecify.annotations.NullMarked;
