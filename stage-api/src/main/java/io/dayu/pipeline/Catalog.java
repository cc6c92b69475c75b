package io.dayu.pipeline;

import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.stage.NativeMemory;
import io.dayu.stage.ServiceProvider;
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
import java.util.function.Supplier;

/**
 * What a node knows to run: stage types, kinds of sources and policies. Only its services change:
 * one is known once it has described itself. Safe for any thread.
 */
public final class Catalog {
  private final Map<String, StageProvider> stages = new TreeMap<>();
  private final List<SourceProvider> sources;
  private final Set<String> policies;
  private final List<NativeMemory> memory;
  private final Supplier<? extends Collection<ServiceProvider>> services;
  private final Map<String, StageDescriptor> elsewhere; // by type

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
    this.services = List::of;
    this.elsewhere = Map.of();
  }

  private Catalog(
      Catalog catalog,
      Supplier<? extends Collection<ServiceProvider>> services,
      Map<String, StageDescriptor> elsewhere) {
    this.stages.putAll(catalog.stages);
    this.sources = catalog.sources;
    this.policies = catalog.policies;
    this.memory = catalog.memory;
    this.services = services;
    this.elsewhere = elsewhere;
  }

  /**
   * The same with services.
   *
   * @param known those that are known when it is asked for; safe for any thread, and quick
   */
  public Catalog withServices(Supplier<? extends Collection<ServiceProvider>> known) {
    return new Catalog(this, known, elsewhere);
  }

  /**
   * The same for verifying pipelines that other nodes are to run as well: their types are known,
   * where this node has none of that name, and cannot be started here.
   */
  public Catalog withTypesElsewhere(Collection<StageDescriptor> descriptors) {
    var types = new TreeMap<String, StageDescriptor>();
    for (var descriptor : descriptors) types.putIfAbsent(descriptor.type(), descriptor);
    return types.isEmpty() ? this : new Catalog(this, services, types);
  }

  /** Everything that {@link ServiceLoader} finds on the class path. */
  public static Catalog load(Collection<String> policies) {
    return new Catalog(
        ServiceLoader.load(StageProvider.class).stream().map(ServiceLoader.Provider::get).toList(),
        ServiceLoader.load(SourceProvider.class).stream().map(ServiceLoader.Provider::get).toList(),
        policies,
        ServiceLoader.load(NativeMemory.class).stream().map(ServiceLoader.Provider::get).toList());
  }

  /** Who makes stages of a type on this node. */
  public Optional<StageProvider> stage(String type) {
    var provider = stages.get(type);
    if (provider != null) return Optional.of(provider);
    for (var service : services.get())
      if (service.descriptor().type().equals(type)) return Optional.of(service);
    return Optional.empty();
  }

  /** What is known of a type, here or elsewhere. */
  public Optional<StageDescriptor> descriptor(String type) {
    return stage(type)
        .map(StageProvider::descriptor)
        .or(() -> Optional.ofNullable(elsewhere.get(type)));
  }

  /** Descriptors of all stage types, those elsewhere among them, ordered by type. */
  public List<StageDescriptor> stages() {
    var all = new TreeMap<>(elsewhere);
    for (var service : services.get()) all.put(service.descriptor().type(), service.descriptor());
    stages.forEach((type, provider) -> all.put(type, provider.descriptor()));
    return List.copyOf(all.values());
  }

  /** Stage types that this node can run now: those whose service is away are left out. */
  public Set<String> runnable() {
    var types = new TreeSet<>(stages.keySet());
    for (var service : services.get())
      if (!service.isAway()) types.add(service.descriptor().type());
    return types;
  }

  /** Of this node, as far as they are known now. */
  public List<ServiceProvider> services() {
    return List.copyOf(services.get());
  }

  /** Whether a type is one of this node that is no service. */
  public boolean isBuiltIn(String type) {
    return stages.containsKey(type);
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
