/**
 * The resources of the group {@code dayu.io} as Java sees them. The schemas are in k8s/base/crds; a
 * test holds both together.
 */
@NullMarked
package io.dayu.k8s.crd;

import org.jspecify.annotations.NullMarked;
