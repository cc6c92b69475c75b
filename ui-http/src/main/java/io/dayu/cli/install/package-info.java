/**
 * Installations on Kubernetes: what one may say ({@link io.dayu.cli.install.Installation}), the
 * kustomization that makes it from {@code k8s/base} ({@link io.dayu.cli.install.Overlay}), and the
 * Helm chart, whose templates are made from what the same kustomizations render to ({@link
 * io.dayu.cli.install.Chart}). No cluster is asked; rendering is done by kubectl.
 */
@NullMarked
package io.dayu.cli.install;

import org.jspecify.annotations.NullMarked;
