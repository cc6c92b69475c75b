package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.stage.ServiceCalls;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The services that members are told of over the API. As {@link Runtime} in what it throws and how
 * long it takes. Safe for any thread.
 */
public interface Declarations {
  /** All that are declared over the API, by name. */
  Map<String, JsonNode> declared();

  /**
   * Declares a service, or changes it.
   *
   * @param declaration the keys of {@code dayu.services.NAME}, and {@code nodes}
   */
  void declare(String name, JsonNode declaration);

  /** Declares it no longer; that it was not is fine. */
  void withdraw(String name);

  /**
   * What a member says of the service.
   *
   * @param at where it calls it
   * @param calls what has become of them by address, that of {@code at} first; empty where it does
   *     not say
   */
  record Caller(String at, List<ServiceCalls> calls) {
    public Caller {
      calls = List.copyOf(calls);
    }
  }

  /** The members that call the service, by their names. */
  Map<String, Caller> callers(String name);

  /** What pipelines want of all that are declared over the API, by name. */
  Map<String, Wanted> wanted();

  /**
   * @param described whether it has ever said to a member what it is
   * @param members on which it is to be
   */
  record Wanted(boolean described, Set<String> members) {
    static final Wanted NOTHING = new Wanted(false, Set.of());

    public Wanted {
      members = Set.copyOf(members);
    }
  }
}
