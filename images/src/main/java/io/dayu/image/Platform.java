package io.dayu.image;

import java.util.Locale;
import java.util.regex.Pattern;

/** What an image runs on: Linux with glibc, on one of two processors. */
enum Platform {
  AMD64("x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2", "linux-x86_64", "x64|x86[-_]64|amd64"),
  ARM64("aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1", "linux-arm64", "aarch_?64|arm64");

  /** The classifiers of natives in the class paths that Maven has written. */
  private static final Pattern CLASSIFIER = Pattern.compile("-linux-x86_64(?=\\.jar$)");

  private final String libraries;
  private final String loader;
  private final String classifier;
  private final Pattern natives;

  Platform(String libraries, String loader, String classifier, String processor) {
    this.libraries = libraries;
    this.loader = loader;
    this.classifier = classifier;
    this.natives =
        Pattern.compile(
            "(?i)(^|/)linux[-/](%s)[-/]|(^|/)(%s)-linux".formatted(processor, processor));
  }

  /** That of this machine. */
  static Platform own() {
    return System.getProperty("os.arch").equals("aarch64") ? ARM64 : AMD64;
  }

  /** As Debian, Go and the OCI write it. */
  String architecture() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The directory of shared libraries below {@code /usr/lib}. */
  String libraries() {
    return libraries;
  }

  /** Where programs look for the dynamic loader; frozen by the processor's ABI. */
  String loader() {
    return loader;
  }

  /** Whether the path of a native library inside a jar names this platform. */
  boolean names(String entry) {
    return natives.matcher(entry).find();
  }

  /** The file name of a jar with natives, for this platform in place of the one of the build. */
  String jar(String name) {
    // Amazon's name for arm64 differs from Bytedeco's.
    var own = this == ARM64 && name.startsWith("Amazon") ? "linux-aarch_64" : classifier;
    return CLASSIFIER.matcher(name).replaceFirst("-" + own);
  }
}
