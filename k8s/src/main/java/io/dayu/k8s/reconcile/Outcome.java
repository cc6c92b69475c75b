package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Locale;

/** What comes of looking at an object. */
enum Outcome {
  DONE,
  /** Somebody else has written, or deleted, meanwhile. */
  CONFLICT,
  /** The API server will not have it. */
  REFUSED,
  /** The API server does not answer, or has too much to do. */
  UNANSWERED,
  /** A defect of ours. */
  FAILED;

  static Outcome of(RuntimeException thrown) {
    if (!(thrown instanceof KubernetesClientException e)) return FAILED;
    if (e.getCode() <= 0 || e.getCode() == 429 || e.getCode() >= 500) return UNANSWERED;
    if (e.getCode() == 409 || isGone(e)) return CONFLICT;
    return REFUSED;
  }

  /** The kind that the API server speaks of; empty if it does not say. */
  static String about(KubernetesClientException e) {
    var details = e.getStatus() == null ? null : e.getStatus().getDetails();
    return details == null ? "" : String.valueOf(details.getKind());
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static boolean isGone(KubernetesClientException e) {
    return e.getCode() == 404 && !about(e).equals("namespaces");
  }
}
