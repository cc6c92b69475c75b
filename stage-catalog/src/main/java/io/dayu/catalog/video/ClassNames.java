package io.dayu.catalog.video;

import io.dayu.stage.ModelException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * What a model's classes are called; one without a name is {@code class-7}.
 *
 * @param names in the order of the classes; empty if they are not known
 */
record ClassNames(List<String> names) {
  /** What stands for no class at all, in lower case. */
  private static final Set<String> NOTHING =
      Set.of("background", "__background__", "???", "n/a", "");

  /** As Ultralytics writes them: {@code {0: 'person', 1: "driver's cab"}}. */
  private static final Pattern ENTRY =
      Pattern.compile("(\\d{1,5})\\s*:\\s*(?:'([^']*)'|\"([^\"]*)\")");

  ClassNames {
    names = List.copyOf(names);
  }

  /**
   * @param given by the pipeline; those of the model hold if there are none
   */
  static ClassNames of(List<String> given, Map<String, String> metadata) {
    return new ClassNames(given.isEmpty() ? written(metadata.getOrDefault("names", "")) : given);
  }

  private static List<String> written(String text) {
    var names = new ArrayList<String>();
    for (var entry = ENTRY.matcher(text); entry.find(); ) {
      // In their order, as all exporters write them; anything else is not understood.
      if (Integer.parseInt(entry.group(1)) != names.size()) return List.of();
      names.add(entry.group(2) != null ? entry.group(2) : entry.group(3));
    }
    return names;
  }

  String name(int type) {
    return type >= 0 && type < names.size() ? names.get(type) : "class-" + type;
  }

  /**
   * Which classes count.
   *
   * @param labels of those; all if empty
   * @throws ModelException if the model does not know one of them
   */
  IntPredicate wanted(String model, List<String> labels) {
    var nothing = new HashSet<Integer>();
    for (var i = 0; i < names.size(); i++)
      if (NOTHING.contains(lower(names.get(i)))) nothing.add(i);
    if (labels.isEmpty()) return type -> !nothing.contains(type);
    var chosen = new HashSet<String>();
    labels.forEach(label -> chosen.add(lower(label)));
    var known = new TreeSet<String>();
    names.forEach(name -> known.add(lower(name)));
    var unknown = new TreeSet<>(chosen);
    unknown.removeAll(known);
    if (!names.isEmpty() && !unknown.isEmpty())
      throw new ModelException(
          "the model %s does not know %s; it knows %s"
              .formatted(model, String.join(", ", unknown), shown(known)));
    return type -> chosen.contains(lower(name(type)));
  }

  private static String shown(TreeSet<String> known) {
    var some = known.stream().filter(n -> !NOTHING.contains(n)).limit(100).toList();
    return String.join(", ", some) + (known.size() > 100 ? " and more" : "");
  }

  private static String lower(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }
}
