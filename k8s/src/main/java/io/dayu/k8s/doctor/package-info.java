/**
 * What a Kubernetes cluster says of an installation, and what is wrong with that: {@code dayu
 * doctor --kube}. Reads only. Each check is a method of one of the {@code …Checks}.
 */
@NullMarked
package io.dayu.k8s.doctor;

import org.jspecify.annotations.NullMarked;
