package io.dayu.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepackTest {
  @TempDir Path directory;

  @Test
  void leavesOutNativesOfOtherPlatformsAndNothingElse() throws IOException {
    var jar =
        jar(
            "a.jar",
            0,
            "META-INF/MANIFEST.MF",
            "x/A.class",
            "n/linux-x86_64/liba.so",
            "n/linux-arm64/liba.so",
            "n/macosx-arm64/liba.dylib",
            "n/readme");
    assertThat(names(repacked(jar, Platform.AMD64)))
        .containsExactly("META-INF/MANIFEST.MF", "x/A.class", "n/linux-x86_64/liba.so", "n/readme");
    assertThat(names(repacked(jar, Platform.ARM64))).contains("n/linux-arm64/liba.so");
  }

  @Test
  void keepsDirectoriesInWhichLibrariesLookForFiles() throws IOException {
    assertThat(names(repacked(jar("c.jar", 0, "x/", "x/1.sql"), Platform.AMD64)))
        .containsExactly("x/", "x/1.sql");
  }

  @Test
  void keepsTheNativesOfAJarThatNamesNoPlatform() throws IOException {
    assertThat(names(repacked(jar("b.jar", 0, "x/libb.so"), Platform.AMD64)))
        .containsExactly("x/libb.so");
  }

  @Test
  void leavesOutSignatures() throws IOException {
    assertThat(
            names(
                repacked(
                    jar(
                        "s.jar",
                        0,
                        "META-INF/A.SF",
                        "META-INF/A.RSA",
                        "META-INF/a/A.SF",
                        "x/A.RSA"),
                    Platform.AMD64)))
        .containsExactly("META-INF/a/A.SF", "x/A.RSA");
  }

  @Test
  void theSameEntriesMakeTheSameJarWheneverTheyWereWritten() throws IOException {
    var early = repacked(jar("early.jar", 1_000_000_000_000L, "x/A.class"), Platform.AMD64);
    var late = repacked(jar("late.jar", 1_700_000_000_000L, "x/A.class"), Platform.AMD64);
    assertThat(late).hasSameBinaryContentAs(early);
  }

  private Path jar(String name, long time, String... entries) throws IOException {
    var file = directory.resolve(name);
    try (var out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (var entry : entries) {
        var e = new ZipEntry(entry);
        e.setTime(time);
        out.putNextEntry(e);
        if (!e.isDirectory()) out.write(entry.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        out.closeEntry();
      }
    }
    return file;
  }

  private Path repacked(Path jar, Platform platform) throws IOException {
    var to = directory.resolve(platform + "-" + jar.getFileName());
    Repack.copy(jar, platform, entry -> true, to);
    return to;
  }

  private static List<String> names(Path jar) throws IOException {
    try (var zip = new ZipFile(jar.toFile())) {
      return zip.stream().map(e -> e.getName()).toList();
    }
  }
}
