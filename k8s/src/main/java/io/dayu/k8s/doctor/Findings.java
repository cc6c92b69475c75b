package io.dayu.k8s.doctor;

import io.dayu.console.Check;
import io.dayu.console.Check.Grade;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one check has found wrong. What is the same for several objects is one line: of 500 edges
 * whose image is missing somebody wants to read once. For one thread.
 */
final class Findings {
  /** In a text: the object that it is about, the first one of several. */
  static final String IT = "{}";

  private static final int NAMED = 5;

  private record Key(Grade grade, String found, String remedy) {}

  private final String name;
  private final Map<Key, List<String>> subjects = new LinkedHashMap<>();

  /**
   * @param name of the check
   */
  Findings(String name) {
    this.name = name;
  }

  /** Works, but somebody should look; of {@code subject}, which may be empty. */
  void hint(String subject, String found, String remedy) {
    add(Grade.HINT, subject, found, remedy);
  }

  /** Keeps something from working. */
  void problem(String subject, String found, String remedy) {
    add(Grade.PROBLEM, subject, found, remedy);
  }

  private void add(Grade grade, String subject, String found, String remedy) {
    subjects.computeIfAbsent(new Key(grade, found, remedy), k -> new ArrayList<>()).add(subject);
  }

  /**
   * As they are told.
   *
   * @param well what is told if nothing is wrong
   */
  List<Check> checks(String well) {
    if (subjects.isEmpty()) return List.of(new Check(name, Grade.OK, well, ""));
    return subjects.entrySet().stream().map(e -> check(e.getKey(), e.getValue())).toList();
  }

  private Check check(Key key, List<String> about) {
    var of = about.stream().sorted().toList();
    var first = of.get(0);
    var all = String.join(", ", of.subList(0, Math.min(of.size(), NAMED)));
    if (of.size() > NAMED) all += " and %s more".formatted(of.size() - NAMED);
    return new Check(
        all.isEmpty() ? name : name + " " + all,
        key.grade(),
        key.found().replace(IT, first),
        key.remedy().replace(IT, first));
  }
}
