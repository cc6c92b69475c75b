package io.dayu.facts;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * What the node of a Kubernetes cluster and its Service are called. The operator makes the Services
 * by these names and a node finds its own by them, so they follow from the node's name alone.
 */
public final class NodeServiceName {
  private static final String PREFIX = "node-";

  /** Of a DNS label, less the prefix. */
  private static final int LONGEST = 63 - PREFIX.length();

  private static final int HASH = 6;

  private NodeServiceName() {}

  /**
   * The name of the member on a Kubernetes node: its own where that is a label of at most 58
   * lower-case letters, digits and dashes; else made of it, with six digits that tell it from
   * others like it ({@code edge-3.site-b} and {@code edge-3-site-b}).
   *
   * @param kubernetesNode {@code metadata.name} of a Node: a DNS name, with dots perhaps
   */
  public static String member(String kubernetesNode) {
    var label = kubernetesNode.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-");
    if (label.equals(kubernetesNode) && label.length() <= LONGEST) return label;
    int room = LONGEST - HASH - 1;
    var kept = label.length() <= room ? label : label.substring(0, room);
    return kept + "-" + digest(kubernetesNode).substring(0, HASH);
  }

  /** The Service of a Kubernetes node. */
  public static String service(String kubernetesNode) {
    return PREFIX + member(kubernetesNode);
  }

  /**
   * The host by which the member on a Kubernetes node is reached from all sites.
   *
   * @param domain of the cluster's DNS, such as {@code cluster.local}
   */
  public static String host(String kubernetesNode, String namespace, String domain) {
    return "%s.%s.svc.%s".formatted(service(kubernetesNode), namespace, domain);
  }

  private static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
