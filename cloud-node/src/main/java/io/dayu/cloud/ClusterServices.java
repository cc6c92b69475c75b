package io.dayu.cloud;

import io.dayu.facts.DeclaredService;
import io.dayu.facts.View;
import io.dayu.http.ServiceRegistry;
import io.dayu.pipeline.Catalog;
import io.dayu.service.ServiceDocument;
import io.dayu.service.ServiceSettings;
import io.dayu.settings.ConfigurationException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** {@link ServiceRegistry} over the table of the cloud nodes. Safe for any thread. */
final class ClusterServices implements ServiceRegistry {
  /** As many as a node may have by its configuration. */
  static final int MOST = 64;

  private final ServiceTable table;
  private final ServiceSettings settings;
  private final Catalog types;
  private final Supplier<View> view;
  private final Runnable tell;
  private final Executor blocking;

  /**
   * @param settings of this node, whose rules hold for what it is asked to declare
   * @param types that this node has without services
   * @param tell has the nodes told what is new; must not block
   */
  ClusterServices(
      ServiceTable table,
      ServiceSettings settings,
      Catalog types,
      Supplier<View> view,
      Runnable tell,
      Executor blocking) {
    this.table = table;
    this.settings = settings;
    this.types = types;
    this.view = view;
    this.tell = tell;
    this.blocking = blocking;
  }

  @Override
  public CompletionStage<List<DeclaredService>> all() {
    return CompletableFuture.supplyAsync(() -> current(table.all()), blocking);
  }

  private static List<DeclaredService> current(List<DeclaredService> ever) {
    return ever.stream().filter(service -> service.document().isPresent()).toList();
  }

  @Override
  public CompletionStage<Answer> declare(String name, String document) {
    try {
      ServiceDocument.check(name, document, settings);
    } catch (ConfigurationException e) {
      return CompletableFuture.completedStage(new Answer.Invalid(ServiceDocument.words(name, e)));
    }
    return CompletableFuture.supplyAsync(
        () -> {
          var ever = table.all();
          var all = current(ever);
          var before = find(all, name);
          var taken = taken(name, find(ever, name));
          if (taken.isPresent()) return taken.get();
          if (before.isEmpty() && all.size() >= MOST) return new Answer.TooMany(MOST);
          // One that is sent again as it is changes nothing.
          if (before.isPresent() && before.get().document().equals(Optional.of(document)))
            return new Answer.Declared(before.get(), false);
          var service = table.put(name, Optional.of(document));
          tell.run();
          return new Answer.Declared(service, before.isEmpty());
        },
        blocking);
  }

  @Override
  public CompletionStage<Answer> withdraw(String name) {
    return CompletableFuture.supplyAsync(
        () -> {
          var ever = table.all();
          var before = find(current(ever), name);
          var taken = taken(name, find(ever, name));
          if (before.isEmpty()) return taken.isPresent() ? taken.get() : new Answer.Absent();
          var users =
              view.get().pipelines().values().stream()
                  .filter(p -> p.spec().stages().stream().anyMatch(s -> s.type().equals(name)))
                  .map(p -> p.name())
                  .toList();
          if (!users.isEmpty()) return new Answer.InUse(users);
          var unused = table.put(name, Optional.empty());
          tell.run();
          return new Answer.Withdrawn();
        },
        blocking);
  }

  private static Optional<DeclaredService> find(List<DeclaredService> all, String name) {
    return all.stream().filter(service -> service.name().equals(name)).findFirst();
  }

  /**
   * Whether the name is not free for the API.
   *
   * @param ever what was declared under this name, and may be withdrawn: then reports that have the
   *     type tell nothing, since it may be that one which they still have
   */
  private Optional<Answer> taken(String name, Optional<DeclaredService> ever) {
    if (settings.declares(name)) return Optional.of(configured(name, "this node"));
    if (types.isBuiltIn(name))
      return Optional.of(
          new Answer.Taken(
              name + " is a stage type that comes with the nodes",
              "give the service another name; GET /api/v1/stages has those that are taken"));
    if (ever.isPresent()) return Optional.empty();
    for (var seen : view.get().nodes().values()) {
      var report = seen.report();
      if (report.services().stream().anyMatch(s -> s.descriptor().type().equals(name)))
        return Optional.of(configured(name, "node " + report.node()));
      if (report.stageTypes().contains(name))
        return Optional.of(
            new Answer.Taken(
                "%s is a stage type of node %s".formatted(name, report.node()),
                "give the service another name; GET /api/v1/stages has those that are taken"));
    }
    return Optional.empty();
  }

  private static Answer configured(String name, String where) {
    return new Answer.Taken(
        "service %s is declared by the configuration of %s, which holds".formatted(name, where),
        "change it there, or take it away there before it is declared over the API");
  }
}
