package io.dayu.http;

import com.typesafe.config.ConfigFactory;
import io.dayu.facts.DeclaredService;
import io.dayu.service.ServiceDocument;
import io.dayu.service.ServiceSettings;
import io.dayu.settings.ConfigurationException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Services in memory, which nobody runs: {@code taken} is declared by a configuration, {@code used}
 * is used by a pipeline. Safe for any thread.
 */
final class FakeServices implements ServiceRegistry {
  private final ServiceSettings settings =
      ServiceSettings.from(ConfigFactory.load().getConfig("dayu"));
  private final Map<String, DeclaredService> declared = new ConcurrentSkipListMap<>();

  @Override
  public CompletionStage<List<DeclaredService>> all() {
    return CompletableFuture.completedStage(List.copyOf(declared.values()));
  }

  @Override
  public CompletionStage<Answer> declare(String name, String document) {
    return CompletableFuture.completedStage(answer(name, document));
  }

  private Answer answer(String name, String document) {
    if (name.equals("taken")) return new Answer.Taken("its configuration holds", "change it there");
    try {
      ServiceDocument.check(name, document, settings);
    } catch (ConfigurationException e) {
      return new Answer.Invalid(ServiceDocument.words(name, e));
    }
    var before = declared.get(name);
    var now =
        new DeclaredService(name, before == null ? 1 : before.version() + 1, Optional.of(document));
    declared.put(name, now);
    return new Answer.Declared(now, before == null);
  }

  @Override
  public CompletionStage<Answer> withdraw(String name) {
    if (name.equals("used"))
      return CompletableFuture.completedStage(new Answer.InUse(List.of("crossing")));
    return CompletableFuture.completedStage(
        declared.remove(name) == null ? new Answer.Absent() : new Answer.Withdrawn());
  }
}
