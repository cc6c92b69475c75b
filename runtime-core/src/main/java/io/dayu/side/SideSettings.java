package io.dayu.side;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueType;
import io.dayu.settings.Section;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What side inputs may be read from; {@code dayu.side-inputs}. Only cloud nodes read it.
 *
 * @param declared by name
 */
public record SideSettings(TreeMap<String, Declared> declared) {
  /**
   * @param place what is read
   * @param every between two reads
   */
  public record Declared(Place place, Duration every) {}

  /** Where a side input is read. */
  public sealed interface Place {}

  public record InFile(Path file) implements Place {}

  public record At(URI url) implements Place {}

  /** How long a read may take. */
  public static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Set<String> KEYS = Set.of("file", "url", "every");
  private static final Duration USUAL = Duration.ofSeconds(30);
  private static final Duration SHORTEST = Duration.ofSeconds(1);

  /**
   * Reads the keys.
   *
   * @param dayu the section {@code dayu} of the configuration
   * @throws io.dayu.settings.ConfigurationException with all problems at once
   */
  public static SideSettings from(Config dayu) {
    return Section.read("dayu", dayu, section -> read(dayu, section));
  }

  private static SideSettings read(Config dayu, Section section) {
    var declared = new TreeMap<String, Declared>();
    var inputs = section.get("side-inputs", Config::getConfig, dayu);
    if (inputs == dayu) return new SideSettings(declared);
    for (var name : inputs.root().keySet()) {
      var value = Objects.requireNonNull(inputs.root().get(name), "its name stands there");
      var path = "dayu.side-inputs." + name;
      if (!NAME.matcher(name).matches())
        section.problem(
            path
                + ": use 1 to 63 lower-case letters, digits and '-' for the name, with a letter or digit at both ends");
      else if (value.valueType() != ConfigValueType.OBJECT)
        section.problem(path + " must be an object: { file = … } or { url = … }");
      else
        section
            .part(path, () -> one(path, ((ConfigObject) value).toConfig()))
            .ifPresent(one -> declared.put(name, one));
    }
    return new SideSettings(declared);
  }

  private static Declared one(String path, Config config) {
    return Section.read(path, config, section -> one(path, config, section));
  }

  private static Declared one(String path, Config config, Section section) {
    for (var key : config.root().keySet())
      if (!KEYS.contains(key))
        section.problem("%s.%s is no key; there are file, url and every".formatted(path, key));
    if (config.hasPath("file") == config.hasPath("url"))
      section.problem(path + " must have either file or url");
    var every = config.hasPath("every") ? section.duration("every") : USUAL;
    if (every.compareTo(SHORTEST) < 0)
      section.problem(
          "%s.every must be at least 1s but is %s ms".formatted(path, every.toMillis()));
    Optional<Place> place =
        config.hasPath("url")
            ? url(path, section).map(At::new)
            : config.hasPath("file")
                ? Optional.of(new InFile(Path.of(section.text("file"))))
                : Optional.empty();
    section.enforce();
    return new Declared(place.orElseThrow(), every);
  }

  private static Optional<URI> url(String path, Section section) {
    try {
      var url = URI.create(section.text("url"));
      if (url.getHost() != null
          && ("http".equalsIgnoreCase(url.getScheme())
              || "https".equalsIgnoreCase(url.getScheme()))) return Optional.of(url);
    } catch (IllegalArgumentException e) {
      // told like one that is no address of HTTP
    }
    section.problem(path + ".url must be an address such as https://host/limits.json");
    return Optional.empty();
  }
}
