package io.dayu.pipeline;

import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.stage.NativeMemory;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import java.net.URI;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a node knows to run: stage types, kinds of sources and policies. Immutable and safe for any
 * thread.
 */
public final class Catalog {
  private final Map<String, StageProvider> stages = new TreeMap<>();
  private final List<SourceProvider> sources;
  private final Set<String> policies;
  private final List<NativeMemory> memory;

  /** One whose stages and sources take no memory outside of the heap that they tell of. */
  public Catalog(
      Collection<StageProvider> stages,
      Collection<SourceProvider> sources,
      Collection<String> policies) {
    this(stages, sources, policies, List.of());
  }

  public Catalog(
      Collection<StageProvider> stages,
      Collection<SourceProvider> sources,
      Collection<String> policies,
      Collection<NativeMemory> memory) {
    for (var provider : stages) {
      var twin = this.stages.put(provider.descriptor().type(), provider);
      if (twin != null)
        throw new IllegalStateException(
            "stage type %s is provided twice, by %s and %s; remove one of the jars"
                .formatted(
                    provider.descriptor().type(),
                    twin.getClass().getName(),
                    provider.getClass().getName()));
    }
    this.sources = List.copyOf(sources);
    this.policies = Collections.unmodifiableSet(new TreeSet<>(policies));
    this.memory = List.copyOf(memory);
  }

  /** Everything that {@link ServiceLoader} finds on the class path. */
  public static Catalog load(Collection<String> policies) {
    return new Catalog(
        ServiceLoader.load(StageProvider.class).stream().map(ServiceLoader.Provider::get).toList(),
        ServiceLoader.load(SourceProvider.class).stream().map(ServiceLoader.Provider::get).toList(),
        policies,
        ServiceLoader.load(NativeMemory.class).stream().map(ServiceLoader.Provider::get).toList());
  }

  public Optional<StageProvider> stage(String type) {
    return Optional.ofNullable(stages.get(type));
  }

  /** Descriptors of all stage types, ordered by type. */
  public List<StageDescriptor> stages() {
    return stages.values().stream().map(StageProvider::descriptor).toList();
  }

  /** The first provider that claims {@code uri}. */
  public Optional<SourceProvider> source(URI uri) {
    return sources.stream().filter(s -> s.claims(uri)).findFirst();
  }

  public List<SourceDescriptor> sources() {
    return sources.stream().map(SourceProvider::descriptor).toList();
  }

  /** What its stages and sources take outside of the heap. */
  public List<NativeMemory> memory() {
    return memory;
  }

  /** Names of the policies, in alphabetical order. */
  public Set<String> policies() {
    return policies;
  }
}
