package io.dayu.k8s.doctor;

import static io.dayu.k8s.doctor.Findings.IT;

import io.dayu.facts.NodeReport.Role;
import io.dayu.facts.NodeServiceName;
import io.dayu.k8s.desired.Members.Member;
import io.dayu.keys.Holder;
import io.dayu.keys.NodeKeys;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Secrets that pods of members name. What is in them is never told. */
final class SecretChecks {
  private static final String TOKENS = "dayu-tokens";
  private static final String TOKENS_KEY = "DAYU_HTTP_TOKENS";
  private static final String STORE = "dayu-store";
  private static final List<String> STORE_KEYS =
      List.of("DAYU_STORE_URL", "DAYU_STORE_USER", "DAYU_STORE_PASSWORD");
  private static final String TOKEN = "(read|write|admin):[0-9a-fA-F]{64}";
  private static final Duration SOON = Duration.ofDays(14);
  private static final int DNS_NAME = 2; // of GeneralName, RFC 5280

  private SecretChecks() {}

  /** Those without which a pod does not start. */
  static String secrets(View view, Findings findings) {
    var names = new TreeSet<String>();
    for (var set : view.daemonSets())
      wanted(set.getSpec().getTemplate().getSpec()).forEach(names::add);
    for (var name : names)
      if (view.our(Secret.class, name).isEmpty())
        findings.problem(name, "is missing; pods that are started wait for it", remedy(view, name));
    return names.isEmpty() ? "none is wanted" : String.join(", ", names);
  }

  private static Stream<String> wanted(PodSpec pod) {
    var mounted =
        pod.getVolumes().stream()
            .filter(v -> v.getSecret() != null && !Boolean.TRUE.equals(v.getSecret().getOptional()))
            .map(v -> v.getSecret().getSecretName());
    var read =
        pod.getContainers().stream()
            .flatMap(c -> c.getEnvFrom().stream())
            .filter(
                e ->
                    e.getSecretRef() != null
                        && !Boolean.TRUE.equals(e.getSecretRef().getOptional()))
            .map(e -> e.getSecretRef().getName());
    return Stream.concat(mounted, read);
  }

  private static String remedy(View view, String name) {
    if (name.equals(TOKENS)) return tokensAnew(view, "");
    if (name.startsWith("dayu-keys-"))
      return "./dayu keys secrets ~/dayu-authority --namespace %s | kubectl apply -f -; with cert-manager: kubectl -n %s get certificate"
          .formatted(view.namespace(), view.namespace());
    return "kubectl -n %s create secret generic %s …".formatted(view.namespace(), IT);
  }

  private static String tokensAnew(View view, String options) {
    return "TOKEN=$(openssl rand -hex 32); kubectl -n %s create secret generic %s --from-literal=%s=write:$(printf %%s \"$TOKEN\" | sha256sum | cut -d' ' -f1)%s"
        .formatted(view.namespace(), TOKENS, TOKENS_KEY, options);
  }

  /** Hashes of tokens have the form that cloud nodes read. */
  static String tokens(View view, Findings findings) {
    var secret = view.our(Secret.class, TOKENS);
    if (secret.isEmpty()) return "not there to be read";
    var tokens = text(secret.get(), TOKENS_KEY).strip();
    var again = tokensAnew(view, " --dry-run=client -o yaml | kubectl apply -f -");
    if (tokens.isEmpty())
      findings.problem(TOKENS, "has no " + TOKENS_KEY + ", so cloud nodes do not start", again);
    else if (Arrays.stream(tokens.split(",")).anyMatch(t -> !t.strip().matches(TOKEN)))
      findings.problem(
          TOKENS,
          "a token is not role:sha256, with one of read, write, admin and 64 hexadecimal digits",
          again);
    return "as cloud nodes read them";
  }

  /** Several cloud nodes share a database. */
  static String store(View view, Findings findings) {
    long clouds = view.members().stream().filter(Member::cloud).count();
    var secret = view.our(Secret.class, STORE);
    var remedy =
        "k8s/README.md, Several cloud nodes, has the command that makes it for a PostgreSQL";
    if (secret.isEmpty()) {
      if (clouds > 1)
        findings.problem(
            STORE, "is missing, and %s cloud nodes need one store".formatted(clouds), remedy);
      return "a cloud node has its own";
    }
    for (var key : STORE_KEYS)
      if (text(secret.get(), key).isBlank()) findings.problem(STORE, "has no " + key, remedy);
    return "PostgreSQL";
  }

  /** Keys of nodes: complete, of the node that mounts them, of its authority, not expired. */
  static String keys(View view, Findings findings) {
    int looked = 0;
    for (var member : view.members()) {
      var name = view.daemonSet(member).flatMap(d -> keys(d.getSpec().getTemplate().getSpec()));
      var secret = name.flatMap(n -> view.our(Secret.class, n));
      if (secret.isEmpty()) continue;
      looked++;
      key(view, member, secret.get(), findings);
    }
    return looked == 0 ? "not in Secrets (keys: host), and not seen" : looked + " good";
  }

  private static Optional<String> keys(PodSpec pod) {
    return pod.getVolumes().stream()
        .filter(v -> v.getName().equals("keys") && v.getSecret() != null)
        .map(v -> v.getSecret().getSecretName())
        .findFirst();
  }

  private static void key(View view, Member member, Secret secret, Findings findings) {
    var name = secret.getMetadata().getName();
    var remedy = remedy(view, name);
    for (var file : List.of(NodeKeys.KEY, NodeKeys.CERTIFICATE, NodeKeys.AUTHORITY))
      if (text(secret, file).isBlank()) {
        findings.problem(name, "has no " + file, remedy);
        return;
      }
    if (!text(secret, NodeKeys.KEY).contains("BEGIN PRIVATE KEY"))
      findings.problem(
          name,
          "its key is not in PKCS#8, which nodes read",
          "with cert-manager privateKey.encoding: PKCS8, else openssl pkcs8 -topk8 -nocrypt");
    try {
      var own = certificate(secret, NodeKeys.CERTIFICATE);
      var holder =
          new Holder(
              NodeServiceName.member(member.node()), member.cloud() ? Role.CLOUD : Role.EDGE);
      if (!names(own).contains(holder.dnsName()))
        findings.problem(
            name,
            "is the key of %s, not of %s"
                .formatted(String.join(", ", names(own)), holder.dnsName()),
            remedy);
      var expires = own.getNotAfter().toInstant();
      if (expires.isBefore(view.now())) findings.problem(name, "has expired at " + expires, remedy);
      else if (own.getNotBefore().toInstant().isAfter(view.now()))
        findings.problem(name, "is valid only from " + own.getNotBefore().toInstant(), remedy);
      else if (expires.isBefore(view.now().plus(SOON)))
        findings.hint(name, "expires at " + expires, remedy);
      own.verify(certificate(secret, NodeKeys.AUTHORITY).getPublicKey());
    } catch (CertificateException e) {
      findings.problem(name, "has no certificate that can be read", remedy);
    } catch (GeneralSecurityException e) {
      findings.problem(name, "its certificate is not of the authority in it", remedy);
    }
  }

  private static X509Certificate certificate(Secret secret, String file)
      throws CertificateException {
    var text = text(secret, file).getBytes(StandardCharsets.US_ASCII);
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(text));
  }

  private static List<String> names(X509Certificate certificate) throws CertificateException {
    var names = certificate.getSubjectAlternativeNames();
    if (names == null) return List.of();
    return names.stream()
        .filter(n -> n.get(0).equals(DNS_NAME))
        .map(n -> (String) n.get(1))
        .toList();
  }

  private static String text(Secret secret, String key) {
    var data = Optional.ofNullable(secret.getData()).orElse(Map.of()).get(key);
    if (data == null) return "";
    return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.UTF_8);
  }
}
