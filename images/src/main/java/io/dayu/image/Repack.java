package io.dayu.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Writes a jar's entries anew: without compression, which the layer has and which costs a starting
 * JVM time; with one date; without native libraries of other platforms and without signatures.
 * Entries of directories stay: libraries look for what is below one.
 */
final class Repack {
  private static final Pattern NATIVE =
      Pattern.compile("(?i).*(\\.(so|dll|dylib|jnilib|a)|\\.dylib\\.dSYM/.*)");

  /**
   * A digest guards the image as a whole. Signatures of jars in it cost a start: Pekko reads all
   * manifests, for which the JVM verifies each signature, and signed classes are in no class data.
   */
  private static final Pattern SIGNATURE = Pattern.compile("(?i)META-INF/[^/]+\\.(SF|RSA|DSA|EC)");

  /** What one is made of the same entry must not depend on the time zone. */
  private static final LocalDateTime DATE = LocalDateTime.of(2026, 1, 1, 0, 0);

  private Repack() {}

  /** Copies the entries that are wanted; nothing is written if there is none. */
  static void copy(Path from, Platform platform, Predicate<String> wanted, Path to)
      throws IOException {
    try (var zip = new ZipFile(from.toFile())) {
      // A library that names no platform in its path is in a jar of one platform.
      var names = zip.stream().map(ZipEntry::getName).filter(Repack::isNative).toList();
      boolean several = names.stream().anyMatch(platform::names);
      var entries =
          zip.stream()
              .filter(entry -> wanted.test(entry.getName()))
              .filter(entry -> !SIGNATURE.matcher(entry.getName()).matches())
              .filter(
                  entry ->
                      !several || !isNative(entry.getName()) || platform.names(entry.getName()))
              .toList();
      if (entries.stream().allMatch(ZipEntry::isDirectory)) return;
      Files.createDirectories(to.getParent());
      try (var out = new ZipOutputStream(Files.newOutputStream(to))) {
        Set<String> written = new HashSet<>();
        for (var entry : entries)
          if (written.add(entry.getName())) {
            try (var in = zip.getInputStream(entry)) {
              store(out, entry.getName(), in.readAllBytes());
            }
          }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  static boolean isNative(String entry) {
    return NATIVE.matcher(entry).matches();
  }

  private static void store(ZipOutputStream out, String name, byte[] bytes) throws IOException {
    var entry = new ZipEntry(name);
    var crc = new CRC32();
    crc.update(bytes);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(DATE);
    out.putNextEntry(entry);
    out.write(bytes);
    out.closeEntry();
  }
}
