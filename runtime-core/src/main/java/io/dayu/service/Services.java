package io.dayu.service;

import io.dayu.pipeline.Catalog;
import io.dayu.settings.Checks;
import io.dayu.stage.ServiceProvider;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The services of a node. Whoever starts them closes them. Safe for any thread. */
public final class Services implements AutoCloseable {
  /** What Linux takes, less what ends the path. */
  private static final int LONGEST_SOCKET = 107;

  /** After this a thread without calls ends. */
  private static final Duration THREAD_RESTS = Duration.ofSeconds(10);

  private final ExecutorService calls;
  private final ScheduledThreadPoolExecutor timer;
  private final Connections connections;
  private final List<Service<?>> services = new ArrayList<>();
  private final List<LocalProgram> programs = new ArrayList<>();

  private Services(ExecutorService calls, ScheduledThreadPoolExecutor timer) {
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
    var all = new Services(calls, timer);
    if (settings.declared().isEmpty()) return all;
    var unused = timer.scheduleWithFixedDelay(all.connections::tidy, 1, 1, TimeUnit.MINUTES);
    for (var declaration : settings.declared()) {
      var service =
          switch (declaration.transport()) {
            case HTTP -> new HttpService(declaration, all.connections, timer);
            case GRPC -> new GrpcService(declaration, socket(declaration, dataDir), timer);
          };
      all.services.add(service);
      var directory = directory(declaration, dataDir);
      service.keepIn(
          new KeptDescription(directory.resolveSibling(declaration.name() + ".description.json")));
      if (declaration.place() instanceof ServiceDeclaration.At at) service.at(at.url());
      else if (declaration.place() instanceof ServiceDeclaration.Program program) {
        var local =
            new LocalProgram(
                declaration,
                program,
                directory(declaration, dataDir),
                socket(declaration, dataDir),
                service,
                timer);
        all.programs.add(local);
        local.start();
      }
    }
    return all;
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
   * Runs something, on any thread, whenever a service is known, is away, or is there again: then
   * the catalog tells other types. It must not block.
   */
  public void whenChanged(Runnable listener) {
    for (var service : services) service.whenChanged(listener);
  }

  private List<ServiceProvider> known() {
    var known = new ArrayList<ServiceProvider>(services.size());
    for (var service : services) if (service.isDescribed()) known.add(service);
    return known;
  }

  /** For tests. */
  Service<?> service(String name) {
    return services.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
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
    services.forEach(Service::close);
    programs.stream().parallel().forEach(LocalProgram::close);
    connections.close();
    timer.shutdownNow();
    calls.shutdown();
  }
}
