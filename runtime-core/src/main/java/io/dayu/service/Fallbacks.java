package io.dayu.service;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The other places of services that are on trial, by the service's name; see {@link
 * Service#fallBackOn}. Not safe for several threads.
 */
final class Fallbacks {
  private record Fallback(ServiceDeclaration declaration, Service<?> service) {}

  private final Map<String, Fallback> all = new HashMap<>();
  private final Function<ServiceDeclaration, Service<?>> make;
  private final BiConsumer<Service<?>, Service<?>> leave;

  /**
   * @param leave has the first one's calls end, and what else comes to it go to the second one
   */
  Fallbacks(
      Function<ServiceDeclaration, Service<?>> make, BiConsumer<Service<?>, Service<?>> leave) {
    this.make = make;
    this.leave = leave;
  }

  /** From now on {@code of} has the fallback that is wanted, or none. */
  void keep(Service<?> of, Optional<ServiceDeclaration> wanted) {
    var is = Optional.ofNullable(all.get(of.name()));
    if (is.map(Fallback::declaration).equals(wanted)) {
      of.fallBackOn(is.map(Fallback::service));
      return;
    }
    var next = wanted.map(declaration -> begin(of, declaration));
    of.fallBackOn(next.map(Fallback::service));
    next.ifPresentOrElse(n -> all.put(of.name(), n), () -> all.remove(of.name()));
    is.ifPresent(
        old -> {
          of.follow(old.service());
          leave.accept(old.service(), of);
        });
  }

  private Fallback begin(Service<?> of, ServiceDeclaration declaration) {
    var service = make.apply(declaration);
    service.knowAs(of);
    if (declaration.place() instanceof ServiceDeclaration.At at) service.watch.at(at.url());
    return new Fallback(declaration, service);
  }

  /** The service of this name has ended. */
  void end(String name, String why) {
    Optional.ofNullable(all.remove(name)).ifPresent(old -> old.service().close(why));
  }

  void close() {
    all.values().forEach(fallback -> fallback.service().close());
  }
}
