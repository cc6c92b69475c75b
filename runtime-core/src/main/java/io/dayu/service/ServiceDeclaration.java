package io.dayu.service;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueType;
import io.dayu.element.MediaType;
import io.dayu.settings.Section;
import io.dayu.stage.NamedInput;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * A service as the configuration of a node declares it; {@code dayu.services.NAME}. What is left
 * empty the service's own description says.
 *
 * @param name also the stage type that pipelines refer to
 * @param place where it runs
 * @param transport how the node calls it
 * @param parallelism calls at once
 * @param timeout of one call
 * @param awayAfter how long the service must not have answered until other nodes are to do its work
 * @param maxAnswer bytes that an answer may have
 * @param payload types of payloads it reads
 * @param inputs earlier outputs that it reads
 * @param accepts content types in which it takes an element, the first that fits
 * @param onDemand whether somebody starts it because stages of it are placed on this node
 */
record ServiceDeclaration(
    String name,
    Place place,
    Transport transport,
    OptionalInt parallelism,
    Duration timeout,
    Duration awayAfter,
    int maxAnswer,
    Optional<Set<MediaType>> payload,
    Optional<DeclaredInputs> inputs,
    Optional<MediaType> output,
    Optional<List<ContentType>> accepts,
    boolean onDemand) {
  /** Where a service runs. */
  sealed interface Place {}

  /**
   * Started by somebody else.
   *
   * @param ca a file of authorities that are trusted beside those of the JVM
   */
  record At(URI url, Optional<Path> ca) implements Place {
    /** One that needs no authorities of its own. */
    At(URI url) {
      this(url, Optional.empty());
    }

    /** Whether it is called over TLS. */
    boolean isSecure() {
      return SECURE.contains(url.getScheme().toLowerCase(Locale.ROOT));
    }
  }

  /**
   * A program that the node starts.
   *
   * @param memory bytes that it may take; empty for any
   */
  record Program(List<String> command, Map<String, String> environment, OptionalLong memory)
      implements Place {
    Program {
      command = List.copyOf(command);
      environment = Map.copyOf(environment);
    }
  }

  /** Stands for one that has problems. */
  static final ServiceDeclaration NONE =
      new ServiceDeclaration(
          "none",
          new At(URI.create("http://localhost/")),
          Transport.HTTP,
          OptionalInt.empty(),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          1,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          false);

  static final int MAX_PARALLELISM = 256;

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final String OURS = "DAYU_SERVICE_";
  private static final Set<String> SECURE = Set.of("https", "grpcs");
  private static final long MAX_ANSWER = 1L << 30;
  private static final long MIN_MEMORY = 8L << 20;

  private static final Set<String> KEYS =
      new TreeSet<>(
          List.of(
              "url",
              "ca",
              "command",
              "environment",
              "transport",
              "parallelism",
              "timeout",
              "away-after",
              "max-answer",
              "memory",
              "payload",
              "inputs",
              "output",
              "accepts"));

  ServiceDeclaration {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(place, "place");
    Objects.requireNonNull(transport, "transport");
    Objects.requireNonNull(parallelism, "parallelism");
    Objects.requireNonNull(timeout, "timeout");
    Objects.requireNonNull(awayAfter, "awayAfter");
    payload = payload.map(Set::copyOf);
    Objects.requireNonNull(inputs, "inputs");
    Objects.requireNonNull(output, "output");
    accepts = accepts.map(List::copyOf);
  }

  /**
   * Reads {@code dayu.services.NAME}.
   *
   * @throws io.dayu.settings.ConfigurationException with all problems at once
   */
  static ServiceDeclaration from(String name, Config config) {
    return Section.read("dayu.services." + name, config, section -> read(name, config, section));
  }

  private static ServiceDeclaration read(String name, Config config, Section section) {
    var path = "dayu.services." + name;
    if (!NAME.matcher(name).matches())
      section.problem(
          path
              + ": the name must be 1 to 63 lower-case letters, digits and '-', with a letter or digit at both ends");
    for (var key : config.root().keySet())
      if (!KEYS.contains(key))
        section.problem(
            key.equals("image")
                ? path
                    + ".image: only an operator on Kubernetes starts images; here start the container yourself and give its url, or give a command"
                : "%s.%s is no key of a service; use some of %s"
                    .formatted(path, key, String.join(", ", KEYS)));
    var transport = transport(path, config, section);
    var parallelism = has(config, "parallelism") ? section.count("parallelism") : 1;
    if (parallelism < 1 || parallelism > MAX_PARALLELISM)
      section.problem(
          "%s.parallelism is %s; it must be 1 to %s".formatted(path, parallelism, MAX_PARALLELISM));
    var timeout = value(config, section, "timeout", Config::getDuration, Duration.ofSeconds(10));
    if (timeout.isNegative() || timeout.isZero())
      section.problem(path + ".timeout must be positive");
    var awayAfter =
        value(config, section, "away-after", Config::getDuration, Duration.ofSeconds(10));
    if (awayAfter.isNegative() || awayAfter.isZero())
      section.problem(path + ".away-after must be positive");
    long maxAnswer = value(config, section, "max-answer", Config::getBytes, 16L << 20);
    if (maxAnswer < 1 || maxAnswer > MAX_ANSWER)
      section.problem(
          "%s.max-answer is %s bytes; it must be 1 byte to 1 GiB".formatted(path, maxAnswer));
    return new ServiceDeclaration(
        name,
        place(path, config, section, transport),
        transport,
        has(config, "parallelism") ? OptionalInt.of(Math.max(1, parallelism)) : OptionalInt.empty(),
        timeout,
        awayAfter,
        (int) Math.min(maxAnswer, MAX_ANSWER),
        types(path, config, section, "payload"),
        inputs(path, config, section),
        has(config, "output")
            ? type(path + ".output", section, section.text("output"))
            : Optional.empty(),
        accepts(path, config, section),
        false);
  }

  /** The same, which somebody starts on demand. */
  ServiceDeclaration loadedOnDemand() {
    return new ServiceDeclaration(
        name,
        place,
        transport,
        parallelism,
        timeout,
        awayAfter,
        maxAnswer,
        payload,
        inputs,
        output,
        accepts,
        true);
  }

  private static Transport transport(String path, Config config, Section section) {
    if (!has(config, "transport")) return Transport.HTTP;
    var word = section.text("transport");
    var transport = Transport.of(word);
    if (transport.isEmpty())
      section.problem("%s.transport is \"%s\"; write %s".formatted(path, word, Transport.words()));
    return transport.orElse(Transport.HTTP);
  }

  private static Place place(String path, Config config, Section section, Transport transport) {
    boolean url = has(config, "url");
    boolean command = has(config, "command");
    if (url == command)
      section.problem(
          path
              + (url
                  ? " has both url and command; keep the url of a service that runs already, or the command with which the node starts it"
                  : " has neither url nor command; give the url of a service that runs already, or the command with which the node starts it"));
    if (command && has(config, "ca"))
      section.problem(
          path + ".ca is for a url over TLS; a command is called on the node itself, in clear");
    if (command) {
      var words = section.get("command", Config::getStringList, List.of("?"));
      if (words.isEmpty() || words.get(0).isBlank())
        section.problem(path + ".command is empty; write the program and its arguments as a list");
      var environment = environment(path, config, section);
      var memory =
          has(config, "memory") ? OptionalLong.of(section.bytes("memory")) : OptionalLong.empty();
      if (memory.isPresent() && memory.getAsLong() < MIN_MEMORY)
        section.problem(path + ".memory is below 8 MiB, with which no program starts");
      return new Program(words, environment, memory);
    }
    for (var key : List.of("memory", "environment"))
      if (has(config, key))
        section.problem(
            "%s.%s is for a command, which the node starts; a service at a url has its own"
                .formatted(path, key));
    var text = url ? section.text("url") : "http://localhost/";
    var at =
        new At(
            transport == Transport.GRPC ? grpcUrl(path, text, section) : url(path, text, section),
            has(config, "ca") ? Optional.of(Path.of(section.text("ca"))) : Optional.empty());
    checkTrust(path, at, section);
    return at;
  }

  private static void checkTrust(String path, At at, Section section) {
    if (at.ca().isPresent() && !at.isSecure()) {
      section.problem(
          path + ".ca is for a url over TLS; write https:// (or grpcs://), or leave ca out");
      return;
    }
    if (at.ca().isEmpty()) return;
    try {
      var unused = Tls.trusting(at.ca());
    } catch (IllegalArgumentException e) {
      section.problem("%s.ca: %s".formatted(path, e.getMessage()));
    }
  }

  private static URI url(String path, String text, Section section) {
    try {
      var url = new URI(text);
      var scheme = Objects.requireNonNullElse(url.getScheme(), "").toLowerCase(Locale.ROOT);
      if (!scheme.equals("http") && !scheme.equals("https") || url.getHost() == null)
        section.problem(
            "%s.url is \"%s\"; write it as http://127.0.0.1:9000/".formatted(path, text));
      else if (url.getRawUserInfo() != null || url.getRawFragment() != null)
        section.problem(path + ".url has a user or a fragment (#); leave it out");
      else
        return Objects.requireNonNullElse(url.getRawPath(), "").isEmpty() ? url.resolve("/") : url;
    } catch (URISyntaxException e) {
      section.problem(
          "%s.url is \"%s\" (%s); write it as http://127.0.0.1:9000/"
              .formatted(path, text, e.getReason()));
    }
    return URI.create("http://localhost/");
  }

  private static URI grpcUrl(String path, String text, Section section) {
    try {
      var url = new URI(text);
      var scheme = Objects.requireNonNullElse(url.getScheme(), "").toLowerCase(Locale.ROOT);
      boolean plain =
          url.getRawUserInfo() == null && url.getRawQuery() == null && url.getRawFragment() == null;
      boolean root = Objects.requireNonNullElse(url.getRawPath(), "").matches("/?");
      if ((scheme.equals("grpc") || scheme.equals("grpcs") || scheme.equals("http"))
          && url.getHost() != null
          && url.getPort() > 0
          && plain
          && root) return url;
      if (scheme.equals("unix") && url.getAuthority() == null && plain && url.getPath() != null)
        return url;
      section.problem(
          "%s.url is \"%s\"; for transport = grpc write it as grpc://127.0.0.1:9000, grpcs://models.example:9000 (TLS) or unix:/run/it.sock"
              .formatted(path, text));
    } catch (URISyntaxException e) {
      section.problem(
          "%s.url is \"%s\" (%s); for transport = grpc write it as grpc://127.0.0.1:9000, grpcs://models.example:9000 (TLS) or unix:/run/it.sock"
              .formatted(path, text, e.getReason()));
    }
    return URI.create("grpc://localhost:9000");
  }

  private static Map<String, String> environment(String path, Config config, Section section) {
    var environment = new TreeMap<String, String>();
    if (!has(config, "environment")) return environment;
    var object = section.get("environment", (c, key) -> c.getObject(key), config.root());
    if (object == config.root()) return environment;
    object.forEach(
        (name, value) -> {
          boolean plain =
              value.valueType() != ConfigValueType.OBJECT
                  && value.valueType() != ConfigValueType.LIST;
          if (!plain || !VARIABLE.matcher(name).matches())
            section.problem("%s.environment.%s is no variable with a text".formatted(path, name));
          else if (name.startsWith(OURS))
            section.problem(
                "%s.environment.%s is set by the node itself; take another name"
                    .formatted(path, name));
          else environment.put(name, String.valueOf(value.unwrapped()));
        });
    return environment;
  }

  private static Optional<Set<MediaType>> types(
      String path, Config config, Section section, String key) {
    if (!has(config, key)) return Optional.empty();
    var types = EnumSet.noneOf(MediaType.class);
    for (var word : section.get(key, Config::getStringList, List.<String>of()))
      type(path + "." + key, section, word).ifPresent(types::add);
    return Optional.of(types);
  }

  /** A list of types, or an object of named inputs, each a list or with more said of it. */
  private static Optional<DeclaredInputs> inputs(String path, Config config, Section section) {
    if (!has(config, "inputs")) return Optional.empty();
    if (config.getValue("inputs").valueType() != ConfigValueType.OBJECT)
      return types(path, config, section, "inputs").map(DeclaredInputs::of);
    var named = new ArrayList<NamedInput>();
    for (var name : new TreeSet<>(config.getObject("inputs").keySet())) {
      if (!NamedInput.isName(name)) {
        section.problem("%s.inputs has \"%s\", which is no name".formatted(path, name));
        continue;
      }
      var key = "inputs." + ConfigUtil.quoteString(name);
      boolean more = config.getValue(key).valueType() == ConfigValueType.OBJECT;
      var types = types(path, config, section, more ? key + ".types" : key).orElse(Set.of());
      boolean required =
          !more || value(config, section, key + ".required", Config::getBoolean, true);
      if (types.isEmpty()) section.problem("%s.%s names no media type".formatted(path, key));
      else named.add(new NamedInput(name, types, required));
    }
    return Optional.of(DeclaredInputs.named(named));
  }

  private static Optional<MediaType> type(String place, Section section, String word) {
    var type = MediaType.ofWord(word);
    if (type.isEmpty())
      section.problem("%s has \"%s\"; use %s".formatted(place, word, MediaType.words()));
    return type;
  }

  private static Optional<List<ContentType>> accepts(String path, Config config, Section section) {
    if (!has(config, "accepts")) return Optional.empty();
    var words = section.get("accepts", Config::getStringList, List.<String>of());
    var types = words.stream().flatMap(word -> ContentType.of(word).stream()).distinct().toList();
    if (types.isEmpty() || types.size() < words.size())
      section.problem(
          "%s.accepts is [%s]; use some of %s"
              .formatted(path, String.join(", ", words), ContentType.names()));
    return Optional.of(types);
  }

  private static boolean has(Config config, String key) {
    return config.hasPath(key);
  }

  private static <T> T value(
      Config config, Section section, String key, BiFunction<Config, String, T> get, T instead) {
    return has(config, key) ? section.get(key, get, instead) : instead;
  }
}
