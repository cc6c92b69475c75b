package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import java.util.Map;
import java.util.TreeMap;

/** Declarations over the HTTP interface; its token needs the role admin. */
public final class ApiDeclarations implements Declarations {
  private final ApiClient api;

  public ApiDeclarations(ApiClient api) {
    this.api = api;
  }

  @Override
  public Map<String, JsonNode> declared() {
    var declared = new TreeMap<String, JsonNode>();
    for (var item : ApiRuntime.ask(() -> api.get("services")).path("items"))
      declared.put(item.path("name").asText(), item.path("declaration"));
    return declared;
  }

  @Override
  public void declare(String name, JsonNode declaration) {
    var unused =
        ApiRuntime.ask(
            () -> api.send("PUT", ApiClient.path("services", name), declaration.toString()));
  }

  @Override
  public void withdraw(String name) {
    var unused = ApiRuntime.unlessAbsent(() -> api.delete(ApiClient.path("services", name)));
  }

  @Override
  public Map<String, String> places(String name) {
    var places = new TreeMap<String, String>();
    for (var item : ApiRuntime.ask(() -> api.get("stages")).path("items"))
      if (item.path("type").asText().equals(name))
        item.path("from").properties().forEach(e -> places.put(e.getKey(), e.getValue().asText()));
    return places;
  }
}
