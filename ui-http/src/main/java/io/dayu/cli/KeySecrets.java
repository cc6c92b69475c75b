package io.dayu.cli;

import io.dayu.console.UserException;
import io.dayu.keys.NodeKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** Keys of nodes as Secrets of Kubernetes, as cert-manager makes them too. */
final class KeySecrets {
  private KeySecrets() {}

  /**
   * One document for each directory below {@code authority} that holds a node's key.
   *
   * @throws io.dayu.keys.KeysException if one cannot be used
   * @throws UserException if there is none, or a name cannot be that of a Secret
   */
  static String of(Path authority, String namespace) {
    try (var below = Files.list(authority)) {
      var nodes = below.filter(node -> Files.exists(node.resolve(NodeKeys.KEY))).sorted().toList();
      if (nodes.isEmpty())
        throw new UserException(
            "there are no keys of nodes in %s; make them with: dayu keys node NAME --role ROLE --authority %s"
                .formatted(authority, authority));
      var text = new StringBuilder();
      for (var node : nodes) text.append(secret(node, namespace));
      return text.toString();
    } catch (IOException e) {
      throw new UserException("the keys in %s cannot be read: %s".formatted(authority, e), e);
    }
  }

  private static String secret(Path directory, String namespace) throws IOException {
    var name = NodeKeys.open(directory).holder().node();
    if (!name.equals(name.toLowerCase(Locale.ROOT)))
      throw new UserException(
          "%s cannot be in the name of a Secret, nor be a node of Kubernetes; take lower-case letters"
              .formatted(name));
    var text =
        new StringBuilder(
            """
            ---
            apiVersion: v1
            kind: Secret
            metadata:
              name: dayu-keys-%s
              namespace: %s
              labels: {app.kubernetes.io/part-of: dayu}
            type: kubernetes.io/tls
            data:
            """
                .formatted(name, namespace));
    for (var file : List.of(NodeKeys.AUTHORITY, NodeKeys.CERTIFICATE, NodeKeys.KEY))
      text.append(
          "  %s: %s%n"
              .formatted(
                  file,
                  Base64.getEncoder().encodeToString(Files.readAllBytes(directory.resolve(file)))));
    return text.toString();
  }
}
