package io.dayu.cli.install;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The templates of the Helm chart, made from what kustomizations render to: every value gets a mark
 * that is found again in what comes out, and there the chart says {@code {{ $.Values… }}}. So the
 * manifests are written once. Only what Go's templates have by themselves is used.
 */
public final class Chart {
  private static final String NAMESPACE = "zz-namespace";
  private static final String CLOUD = "zz-cloud-node";
  private static final String EDGE = "zz-edge-node";
  private static final String FILES = "/zz/files";
  private static final String HOSTS = "zz-hosts";

  /** Path of a value, its mark. A mark is a value of the same kind that nobody else has. */
  private static final List<List<String>> MARKS =
      List.of(
          List.of("images.cloud", "zz-cloud-image:zz"),
          List.of("images.edge", "zz-edge-image:zz"),
          List.of("images.postgres", "zz-postgres-image:zz"),
          List.of("edgeLabel", "zz.example/edge"),
          List.of("ports.cluster", "61001"),
          List.of("ports.data", "61002"),
          List.of("ports.api", "61003"),
          List.of("ports.management", "61004"),
          List.of("directories.state", "/zz/state"),
          List.of("directories.keys", "/zz/keys"),
          List.of("read.files", FILES),
          List.of("read.hosts", HOSTS),
          List.of("resources.cloud.cpu", "61011m"),
          List.of("resources.cloud.memory", "61012Mi"),
          List.of("resources.cloud.memoryLimit", "61013Mi"),
          List.of("resources.edge.cpu", "61021m"),
          List.of("resources.edge.memory", "61022Mi"),
          List.of("resources.edge.memoryLimit", "61023Mi"),
          List.of("minAvailable", "61031"),
          List.of("postgres.from", "10.61.0.0/16"),
          List.of("postgres.storage", "61041Gi"));

  private static final String CLOUD_ADDRESS = "192.0.2.61";
  private static final String EDGE_ADDRESS = "192.0.2.62";

  private static final Pattern KIND = Pattern.compile("(?m)^kind: (\\w+)$");
  private static final Pattern NAME =
      Pattern.compile("(?m)^metadata:\\n(?:  .*\\n)*?  name: (\\S+)$");
  private static final String HEAD =
      "# Made from ../../base and ../../components: ./dayu k8s chart\n";

  private final Installation marked;
  private final Path k8s;

  private Chart(Installation marked, Path k8s) {
    this.marked = marked;
    this.k8s = k8s;
  }

  /**
   * The templates by file name.
   *
   * @throws UserException if kubectl is missing or refuses the manifests
   */
  public static SortedMap<String, String> templates(Path k8s) {
    var marked = Installation.defaults(k8s).with("namespace=" + NAMESPACE);
    for (var mark : MARKS) marked = marked.with(mark.get(0) + "=" + mark.get(1));
    for (var option : List.of("apiService", "operator", "postgres.enabled"))
      marked = marked.with(option + "=true");
    marked = marked.withNode("cloud", CLOUD, CLOUD_ADDRESS).withNode("edge", EDGE, EDGE_ADDRESS);
    return new Chart(marked, k8s).make();
  }

  private SortedMap<String, String> make() {
    var host = documents(marked.with("keys=host"));
    var own = documents(marked.with("keys=cert-manager"));
    var files = new TreeMap<String, String>();
    files.put("common.yaml", all(host, Chart::isCommon));
    files.put(
        "nodes.yaml",
        "{{- if eq $.Values.keys \"host\" }}\n"
            + all(host, d -> d.kind().equals("DaemonSet"))
            + "{{- else }}\n"
            + eachNode(own, d -> d.kind().equals("DaemonSet"))
            + "{{- end }}\n");
    files.put("services.yaml", eachNode(host, d -> isOfNode(d) && !d.kind().equals("DaemonSet")));
    files.put(
        "keys.yaml",
        "{{- if eq $.Values.keys \"cert-manager\" }}\n"
            + all(own, d -> isCertManager(d) && !isOfNode(d))
            + eachNode(own, Chart::isCertManager)
            + "{{- end }}\n");
    files.put("operator.yaml", when("operator", all(host, Chart::isOperator)));
    files.put("postgres.yaml", when("postgres.enabled", all(host, Chart::isPostgres)));
    files.put("api-service.yaml", when("apiService", all(host, Chart::isApi)));
    files.replaceAll((name, text) -> HEAD + text);
    return files;
  }

  private record Document(String kind, String name, String text) {}

  private static boolean isOfNode(Document d) {
    return d.name().endsWith(CLOUD) || d.name().endsWith(EDGE);
  }

  private static boolean isCertManager(Document d) {
    return d.kind().equals("Issuer") || d.kind().equals("Certificate");
  }

  private static boolean isOperator(Document d) {
    return d.kind().contains("Role");
  }

  private static boolean isPostgres(Document d) {
    return d.name().equals("dayu-postgres");
  }

  private static boolean isApi(Document d) {
    return d.name().equals("dayu-api");
  }

  private static boolean isCommon(Document d) {
    return !isOfNode(d)
        && !isCertManager(d)
        && !isOperator(d)
        && !isPostgres(d)
        && !isApi(d)
        && !d.kind().equals("DaemonSet")
        // Helm makes it.
        && !d.kind().equals("Namespace");
  }

  private static String all(List<Document> of, Predicate<Document> which) {
    var text = new StringBuilder();
    of.stream().filter(which).forEach(d -> text.append("---\n").append(chart(d)));
    if (text.isEmpty()) throw new IllegalStateException("nothing of its kind was rendered");
    return text.toString();
  }

  private static String eachNode(List<Document> of, Predicate<Document> which) {
    return "{{- range $node := $.Values.nodes.cloud }}\n"
        + all(of, which.and(d -> d.name().endsWith(CLOUD)))
        + "{{- end }}\n{{- range $node := $.Values.nodes.edge }}\n"
        + all(of, which.and(d -> d.name().endsWith(EDGE)))
        + "{{- end }}\n";
  }

  private static String when(String path, String text) {
    return "{{- if $.Values.%s }}%n%s{{- end }}%n".formatted(path, text);
  }

  private static String chart(Document document) {
    var text = document.text();
    if (document.name().equals("dayu-settings")) {
      text =
          once(
              text,
              "DAYU_HTTP_HOST: 0.0.0.0",
              "DAYU_HTTP_HOST: {{ if $.Values.apiService }}0.0.0.0{{ else }}127.0.0.1{{ end }}");
      text =
          once(
              text,
              "DAYU_OPERATOR_ENABLED: \"true\"",
              "DAYU_OPERATOR_ENABLED: \"{{ $.Values.operator }}\"");
      // Anything may stand in these, so they are quoted as Go quotes.
      text = once(text, ": " + FILES, ": {{ printf \"%q\" $.Values.read.files }}");
      text = once(text, ": " + HOSTS, ": {{ printf \"%q\" $.Values.read.hosts }}");
    }
    if (document.name().equals("dayu-seeds"))
      for (var port : List.of("cluster", "management"))
        text = once(text, seeds(port), "\"" + seedsTemplate(port) + "\"");
    if (document.kind().equals("DaemonSet") && text.contains("component: node-cloud"))
      text =
          once(
              text,
              "automountServiceAccountToken: true",
              "automountServiceAccountToken: {{ $.Values.operator }}");
    if (text.contains("dayu-system"))
      throw new IllegalStateException(
          "the namespace is not followed everywhere in:%n%s".formatted(text));
    for (var mark : MARKS)
      text = text.replace(mark.get(1), "{{ $.Values.%s }}".formatted(mark.get(0)));
    // A name alone may look like a number.
    return text.replaceAll("(?m)(: |- )(%s|%s)$".formatted(CLOUD, EDGE), "$1\"{{ \\$node.name }}\"")
        .replace(CLOUD_ADDRESS, "{{ $node.address }}")
        .replace(EDGE_ADDRESS, "{{ $node.address }}")
        .replace(CLOUD, "{{ $node.name }}")
        .replace(EDGE, "{{ $node.name }}")
        .replace(NAMESPACE, "{{ $.Release.Namespace }}");
  }

  private static String seeds(String port) {
    var number =
        MARKS.stream().filter(m -> m.get(0).equals("ports." + port)).findFirst().orElseThrow();
    return new Installation.Node(CLOUD, CLOUD_ADDRESS).host(NAMESPACE) + ":" + number.get(1);
  }

  private static String seedsTemplate(String port) {
    return "{{ range $i, $node := $.Values.nodes.cloud }}{{ if $i }},{{ end }}node-{{ $node.name }}."
        + "{{ $.Release.Namespace }}.svc.cluster.local:{{ $.Values.ports."
        + port
        + " }}{{ end }}";
  }

  /** What is not there exactly once has moved in the manifests, and this program must follow. */
  private static String once(String text, String what, String with) {
    int first = text.indexOf(what);
    if (first < 0 || text.indexOf(what, first + 1) >= 0)
      throw new IllegalStateException("'%s' is not once in:%n%s".formatted(what, text));
    return text.replace(what, with);
  }

  private List<Document> documents(Installation installation) {
    try {
      var directory = Files.createTempDirectory("dayu-chart").toRealPath();
      try {
        write(
            Overlay.files(installation, directory.relativize(k8s.toRealPath()).toString()),
            directory);
        var documents = new ArrayList<Document>();
        for (var text : Kubectl.kustomize(directory).split("(?m)^---\\n"))
          documents.add(new Document(found(KIND, text), found(NAME, text), text));
        return documents;
      } finally {
        remove(directory);
      }
    } catch (IOException e) {
      throw new UserException("the chart cannot be made: " + e, e);
    }
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) throw new IllegalStateException(pattern + " is not in " + text);
    return matcher.group(1);
  }

  /** Writes files below a directory, which are made anew; others are left. */
  public static void write(SortedMap<String, String> files, Path directory) throws IOException {
    for (var file : files.entrySet()) {
      var path = directory.resolve(file.getKey());
      Files.createDirectories(path.resolveSibling("."));
      Files.writeString(path, file.getValue(), StandardCharsets.UTF_8);
    }
  }

  private static void remove(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
