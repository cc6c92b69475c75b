package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

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

  /** Where members say that the service is which they call, by the member's name. */
  Map<String, String> places(String name);
}
