package io.dayu.k8s.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.client.ApiClient;
import io.dayu.stage.ServiceCalls;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

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
  public Map<String, Caller> callers(String name) {
    var callers = new TreeMap<String, Caller>();
    var service = ApiRuntime.ask(() -> api.get(ApiClient.path("services", name)));
    for (var node : service.path("nodes"))
      if (node.has("at"))
        callers.put(node.path("node").asText(), new Caller(node.path("at").asText(), calls(node)));
    return callers;
  }

  private static List<ServiceCalls> calls(JsonNode node) {
    var calls = new ArrayList<ServiceCalls>();
    for (var at : node.path("calls"))
      calls.add(
          new ServiceCalls(
              at.path("at").asText(),
              at.path("open").asInt(),
              at.path("answered").asLong(),
              at.path("failed").asLong(),
              at.path("unreadable").asLong(),
              at.path("late").asLong(),
              at.path("broken").asLong(),
              at.path("fallback").asBoolean()));
    return calls;
  }

  @Override
  public Map<String, Wanted> wanted() {
    var wanted = new TreeMap<String, Wanted>();
    for (var item : ApiRuntime.ask(() -> api.get("services")).path("items")) {
      var members = new TreeSet<String>();
      for (var node : item.path("nodes"))
        if (node.path("wanted").asBoolean()) members.add(node.path("node").asText());
      wanted.put(
          item.path("name").asText(), new Wanted(item.path("described").asBoolean(), members));
    }
    return wanted;
  }
}
