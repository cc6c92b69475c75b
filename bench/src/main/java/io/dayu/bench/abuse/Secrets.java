package io.dayu.bench.abuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Texts that nodes know and must never tell: made for a run, planted, and looked for in all that is
 * heard and logged. Safe for any thread.
 */
final class Secrets {
  private static final int LENGTH = 24;

  private final Map<String, String> texts = new LinkedHashMap<>(); // by what it is
  private final List<String> leaks = new ArrayList<>();
  private long bytes;

  Secrets(Random random, List<String> names) {
    for (var name : names) texts.put(name, text(random));
  }

  private static String text(Random random) {
    var text = new StringBuilder("s");
    while (text.length() < LENGTH) text.append((char) ('a' + random.nextInt(26)));
    return text.toString();
  }

  /** The one of that name. */
  String of(String name) {
    var text = texts.get(name);
    if (text == null) throw new IllegalArgumentException("no secret " + name);
    return text;
  }

  /** Looks for all of them in bytes that came from {@code where}. */
  synchronized void search(String where, byte[] heard) {
    var latin = new String(heard, StandardCharsets.ISO_8859_1);
    texts.forEach(
        (name, text) -> {
          if (!latin.contains(text)) return;
          bytes += text.length();
          leaks.add("%s is told in %s".formatted(name, where));
        });
  }

  /** Looks for them in every log below a directory. */
  void searchLogs(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (var file : files.filter(f -> f.toString().endsWith(".log")).toList())
        search(directory.relativize(file).toString(), Files.readAllBytes(file));
    }
  }

  /** What was found, once each. */
  synchronized List<String> leaks() {
    return leaks.stream().distinct().toList();
  }

  synchronized long bytes() {
    return bytes;
  }
}
