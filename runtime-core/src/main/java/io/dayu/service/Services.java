package io.dayu.service;

import io.dayu.facts.DeclaredService;
import io.dayu.facts.NodeReport.Role;
import io.dayu.pipeline.Catalog;
import io.dayu.settings.Checks;
import io.dayu.settings.ConfigurationException;
import io.dayu.stage.Causes;
import io.dayu.stage.ServiceProvider;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The services of a node. Whoever starts them closes them. Safe for any thread. */
public final class Services implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Services.class);

  /** What Linux takes, less what ends the path. */
  private static final int LONGEST_SOCKET = 107;

  /** After this a thread without calls ends. */
  private static final Duration THREAD_RESTS = Duration.ofSeconds(10);

  private final ExecutorService calls;
  private final ScheduledThreadPoolExecutor timer;
  private final Connections connections;
  private final ServiceSettings settings;
  private final Catalog types;
  private final Path dataDir;

  /** By name. Those of the configuration stay. */
  private final Map<String, Running> running = new ConcurrentSkipListMap<>();

  /** Those whose calls under way are to end before they do. */
  private final Set<Service<?>> leaving = ConcurrentHashMap.newKeySet();

  private final Fallbacks fallbacks = new Fallbacks(this::client, this::leave); // as running
  private final AtomicBoolean tidying = new AtomicBoolean();
  private final Object changing = new Object(); // held while services begin and end
  private volatile Wanted wanted = new Wanted(List.of(), "", Role.CLOUD);
  private volatile Map<String, String> problems = Map.of(); // of what was declared, by name
  private boolean closed; // guarded by changing

  /**
   * @param configured whether the configuration declares it
   */
  private record Running(
      ServiceDeclaration declaration,
      Service<?> service,
      Optional<LocalProgram> program,
      boolean configured) {}

  /** What was declared over the API, and for whom it is read. */
  private record Wanted(List<DeclaredService> all, String node, Role role) {}

  private volatile Runnable changed = () -> {};

  private Services(
      ServiceSettings settings,
      Catalog types,
      Path dataDir,
      ExecutorService calls,
      ScheduledThreadPoolExecutor timer) {
    this.settings = settings;
    this.types = types;
    this.dataDir = dataDir;
    this.calls = calls;
    this.connections = new Connections(calls);
    this.timer = timer;
  }

  /**
   * Starts programs and asks services what they are; returns at once, whether they answer or not.
   *
   * @param catalog of the node, whose stage types have their names already
   * @param dataDir of the node; a program works in a directory of its own below it
   * @throws io.dayu.settings.ConfigurationException if a service has the name of another stage type
   */
  public static Services start(ServiceSettings settings, Catalog catalog, Path dataDir) {
    var names = new Checks("dayu.services");
    for (var declaration : settings.declared())
      names.that(
          !catalog.isBuiltIn(declaration.name()),
          declaration.name(),
          "has the name of a stage type that the node has already; take another one");
    names.enforce();
    // Without services there is no thread: they are started with the first task.
    var calls =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE, // bounded by the parallelism of the services
            THREAD_RESTS.toMillis(),
            TimeUnit.MILLISECONDS,
            new SynchronousQueue<>(),
            threads("service-calls"));
    var timer = new ScheduledThreadPoolExecutor(1, threads("service-timer"));
    timer.setRemoveOnCancelPolicy(true);
    var all = new Services(settings, catalog, dataDir, calls, timer);
    for (var declaration : settings.declared()) all.begin(declaration, true, Optional.empty());
    return all;
  }

  /**
   * Begins, changes and ends services that were declared over the API, as far as they are for this
   * node; those of the configuration hold. Returns at once, and what was told before and is not
   * done yet is left out. Safe for any thread.
   */
  public void declared(Collection<DeclaredService> all, String node, Role role) {
    var now = new Wanted(List.copyOf(all), node, role);
    // Most nodes have none, and are to have no thread for them.
    if (now.equals(wanted) || now.all().isEmpty() && wanted.all().isEmpty()) return;
    wanted = now;
    try {
      calls.execute(this::follow);
    } catch (RejectedExecutionException ended) {
      // The node ends, and its services with it.
    }
  }

  /** What cannot be had of that here, for the node's report; empty if nothing. */
  public Optional<String> problem() {
    var now = problems;
    return now.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", now.values()));
  }

  /** Blocks while programs end. */
  private void follow() {
    synchronized (changing) {
      if (closed) return;
      var now = wanted;
      var wrong = new TreeMap<String, String>();
      var here = new TreeMap<String, ServiceDocument.Declared>();
      for (var declared : now.all())
        if (declared.document().isPresent())
          read(declared, now, wrong).ifPresent(d -> here.put(d.declaration().name(), d));
      wrong.forEach(
          (name, why) -> {
            if (!why.equals(problems.get(name))) LOG.warn("service {}: {}", name, why);
          });
      problems = Collections.unmodifiableMap(wrong);
      for (var old : List.copyOf(running.values())) {
        var name = old.declaration().name();
        var next = Optional.ofNullable(here.get(name)).map(ServiceDocument.Declared::declaration);
        if (old.configured() || next.filter(old.declaration()::equals).isPresent()) continue;
        if (next.isPresent()) {
          // The port, the socket and the directory of a program are for its successor.
          if (old.program().isPresent()) end(old, "it is declared anew");
          begin(next.get(), false, Optional.of(old));
        } else {
          running.remove(name);
          end(old, "the service is declared no longer");
          fallbacks.end(name, "the service is declared no longer");
          kept(old.declaration()).forget();
          LOG.info("service {} is declared no longer", name);
          changed.run();
        }
      }
      here.forEach(
          (name, declared) -> {
            if (!running.containsKey(name)) begin(declared.declaration(), false, Optional.empty());
            fallbacks.keep(service(name), declared.fallback());
          });
    }
  }

  /** Empty if it is not for this node, or cannot be had here. */
  private Optional<ServiceDocument.Declared> read(
      DeclaredService declared, Wanted now, Map<String, String> wrong) {
    var name = declared.name();
    try {
      var json = declared.document().orElseThrow();
      if (!ServiceDocument.isFor(json, now.node(), now.role())) return Optional.empty();
      var declaration = ServiceDocument.read(name, json, settings);
      if (settings.declares(name))
        wrong.put(
            name,
            name
                + " is declared by this node's configuration too, which holds; take one of the two away");
      else if (types.isBuiltIn(name))
        wrong.put(name, name + " is a stage type of this node; give the service another name");
      else return Optional.of(declaration);
    } catch (ConfigurationException e) {
      wrong.put(name, Causes.cut(ServiceDocument.words(name, e).replace('\n', ' ')));
    }
    return Optional.empty();
  }

  private KeptDescription kept(ServiceDeclaration declaration) {
    return new KeptDescription(
        directory(declaration, dataDir).resolveSibling(declaration.name() + ".description.json"));
  }

  private static void end(Running old, String why) {
    old.service().close(why);
    old.program().ifPresent(LocalProgram::close);
  }

  /**
   * @param before whose stages it goes on with
   */
  private void begin(ServiceDeclaration declaration, boolean configured, Optional<Running> before) {
    if (!tidying.getAndSet(true)) {
      var unused = timer.scheduleWithFixedDelay(connections::tidy, 1, 1, TimeUnit.MINUTES);
    }
    var service = client(declaration);
    var directory = directory(declaration, dataDir);
    service.keepIn(kept(declaration));
    service.watch.whenChanged(() -> changed.run());
    Optional<LocalProgram> local = Optional.empty();
    if (declaration.place() instanceof ServiceDeclaration.Program program)
      local =
          Optional.of(
              new LocalProgram(
                  declaration, program, directory, socket(declaration, dataDir), service, timer));
    before.ifPresent(old -> service.follow(old.service()));
    running.put(declaration.name(), new Running(declaration, service, local, configured));
    if (declaration.place() instanceof ServiceDeclaration.At at) service.watch.at(at.url());
    local.ifPresent(LocalProgram::start);
    before.ifPresent(old -> leave(old.service(), service));
  }

  private Service<?> client(ServiceDeclaration declaration) {
    return switch (declaration.transport()) {
      case HTTP -> new HttpService(declaration, connections, timer);
      case GRPC -> new GrpcService(declaration, socket(declaration, dataDir), timer);
    };
  }

  private void leave(Service<?> old, Service<?> next) {
    leaving.add(old);
    old.leaveTo(next, () -> leaving.remove(old));
  }

  private static Path directory(ServiceDeclaration declaration, Path dataDir) {
    return dataDir.toAbsolutePath().resolve("services").resolve(declaration.name());
  }

  /** Where a program over gRPC may listen; empty where the path is too long for a socket. */
  private static Optional<Path> socket(ServiceDeclaration declaration, Path dataDir) {
    if (declaration.transport() != Transport.GRPC
        || !(declaration.place() instanceof ServiceDeclaration.Program)) return Optional.empty();
    var socket = directory(declaration, dataDir).resolve("socket");
    return Optional.of(socket)
        .filter(path -> path.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_SOCKET);
  }

  /** The catalog with the services that have described themselves, as soon as they have. */
  public Catalog in(Catalog catalog) {
    return catalog.withServices(this::known);
  }

  /**
   * Runs something, on any thread, whenever a service is known, is away, is there again, or is
   * declared no longer: then the catalog tells other types. It must not block.
   */
  public void whenChanged(Runnable listener) {
    changed = listener;
  }

  private List<ServiceProvider> known() {
    var known = new ArrayList<ServiceProvider>(running.size());
    for (var one : running.values()) if (one.service().isDescribed()) known.add(one.service());
    return known;
  }

  Service<?> service(String name) {
    return Objects.requireNonNull(running.get(name), name).service();
  }

  private static ThreadFactory threads(String name) {
    return task -> {
      var thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Ends programs, all at the same time, and calls. Blocks for some seconds at most. */
  @Override
  public void close() {
    List<Running> all;
    synchronized (changing) {
      closed = true;
      all = List.copyOf(running.values());
      fallbacks.close();
    }
    all.forEach(one -> one.service().close());
    leaving.forEach(Service::close);
    all.stream().flatMap(one -> one.program().stream()).parallel().forEach(LocalProgram::close);
    connections.close();
    timer.shutdownNow();
    calls.shutdown();
  }
}
