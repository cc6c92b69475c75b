package io.dayu.pipeline;

import io.dayu.element.MediaType;
import io.dayu.source.Knob;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.stage.StageDescriptor;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Checks that a pipeline makes sense to a node that has a given {@link Catalog}. All problems are
 * found at once; a part whose shape is wrong is left out and the rest still checked. Nothing is
 * started or opened. Stateless and safe for any thread.
 */
public final class PipelineVerifier {
  private final Draft draft;
  private final Catalog catalog;
  private final Problems problems;

  /**
   * Bytes that a pipeline may have as it is sent between nodes. Several are sent in one message, of
   * 256 KiB at most.
   */
  static final int MAX_BYTES = 64 << 10;

  private PipelineVerifier(Draft draft, Catalog catalog, Problems problems) {
    this.draft = draft;
    this.catalog = catalog;
    this.problems = problems;
  }

  /** The specification if document and sense are right, or else all problems of both. */
  public static Parsed check(Map<String, ?> tree, Catalog catalog) {
    var problems = new Problems();
    var draft = DraftReader.read(tree, problems);
    new PipelineVerifier(draft, catalog, problems).run();
    if (!problems.isEmpty()) return new Parsed.Bad(problems.all());
    var spec = draft.spec();
    int bytes = PipelineDocument.toStruct(spec).getSerializedSize();
    if (bytes <= MAX_BYTES) return new Parsed.Ok(spec, draft.state());
    problems.add(
        "spec",
        "has %s bytes, at most %s are possible".formatted(bytes, MAX_BYTES),
        "shorten the longest values, or make several pipelines of it");
    return new Parsed.Bad(problems.all());
  }

  /**
   * All problems of {@code spec}, none if it can run. Includes those of shape, which a
   * specification that was not read from a document may have.
   */
  public static List<PipelineProblem> verify(PipelineSpec spec, Catalog catalog) {
    return check(PipelineDocument.write(spec), catalog) instanceof Parsed.Bad bad
        ? bad.problems()
        : List.of();
  }

  /** All problems of {@code params} for one stage of this type; paths begin with {@code params}. */
  public static List<PipelineProblem> verifyParams(
      StageDescriptor descriptor, Map<String, ?> params) {
    var problems = new Problems();
    var given = DraftReader.params(new DocumentNode(params, "params", problems));
    StageChecks.params(descriptor, given.orElse(Draft.Params.NONE), "params", problems);
    return problems.all();
  }

  private void run() {
    var payloads = new TreeMap<MediaType, List<String>>();
    var names = new HashSet<String>();
    var exclusive = new HashMap<String, String>(); // to the source that has it
    for (var source : draft.sources()) {
      source
          .name()
          .filter(name -> !names.add(name))
          .ifPresent(
              name ->
                  problems.add(
                      source.path() + ".name",
                      "a second source is called " + Words.quote(name),
                      "give each source its own name"));
      if (source.uri().filter(uri -> uri.getRawFragment() != null).isPresent()) {
        problems.add(
            source.path() + ".uri",
            "# begins a fragment, which no source reads",
            "write %23 for #, as in mqtt://broker/plant/%23, or remove it");
        continue;
      }
      source
          .uri()
          .flatMap(catalog::source)
          .ifPresentOrElse(
              provider -> {
                var descriptor = provider.descriptor();
                if (checks(source, provider)) once(source, provider, exclusive);
                payloads
                    .computeIfAbsent(descriptor.payload(), type -> new ArrayList<>())
                    .add(source.name().orElse(source.path()));
                knobs(source, descriptor);
              },
              () -> unclaimed(source));
    }
    new StageChecks(draft.stages(), payloads, catalog, problems).run();
    SideReader.check(draft, problems);
    draft
        .policy()
        .filter(policy -> !catalog.policies().contains(policy.name()))
        .ifPresent(
            policy ->
                problems.add(
                    "spec.policy.name",
                    "unknown policy " + Words.quote(policy.name()),
                    Words.choose(policy.name(), catalog.policies())));
  }

  /** Whether nothing is wrong with the URI of a source that {@code provider} claims. */
  private boolean checks(Draft.Source source, SourceProvider provider) {
    try {
      provider.check(source.uri().orElseThrow());
      return true;
    } catch (SourceException e) {
      problems.add(
          source.path() + ".uri",
          String.valueOf(e.getMessage()),
          "correct the uri, as in " + provider.descriptor().example());
      return false;
    }
  }

  private void once(Draft.Source source, SourceProvider provider, Map<String, String> exclusive) {
    var name = source.name().orElse(source.path());
    provider
        .exclusive(source.uri().orElseThrow())
        .ifPresent(
            words -> {
              var other = exclusive.putIfAbsent(words, name);
              if (other != null)
                problems.add(
                    source.path() + ".uri",
                    "source %s has %s, too, which only one can have at a time"
                        .formatted(other, words),
                    "give each source its own");
            });
  }

  private void unclaimed(Draft.Source source) {
    source
        .uri()
        .ifPresent(
            uri ->
                problems.add(
                    source.path() + ".uri",
                    "nothing here reads " + Words.quote(ShownUri.of(uri)),
                    catalog.sources().isEmpty()
                        ? "add a jar with a source provider"
                        : "use a URI such as " + Words.list(examples(uri))));
  }

  /** Those with the scheme of {@code uri}, because what else it lacks they have; else all. */
  private List<String> examples(URI uri) {
    var all = catalog.sources().stream().map(SourceDescriptor::example).toList();
    var scheme = Objects.requireNonNullElse(uri.getScheme(), "file") + ":";
    var same =
        all.stream().filter(e -> e.regionMatches(true, 0, scheme, 0, scheme.length())).toList();
    return same.isEmpty() ? all : same;
  }

  private void knobs(Draft.Source source, SourceDescriptor descriptor) {
    var known = descriptor.knobs().stream().map(Knob::name).toList();
    for (var knob : source.knobs().keySet())
      if (!known.contains(knob))
        problems.add(
            Words.field(source.path() + ".knobs", knob),
            descriptor.name() + " sources have no knob " + Words.quote(knob),
            Words.choose(knob, known));
  }
}
