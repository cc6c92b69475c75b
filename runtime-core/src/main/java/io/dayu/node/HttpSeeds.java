package io.dayu.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/** {@link Seeds} by {@code GET /cluster/members} of the cloud nodes' management endpoints. */
final class HttpSeeds implements Seeds {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(3);

  private final List<String> endpoints;
  private final AtomicInteger turn = new AtomicInteger();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();

  /**
   * @param endpoints {@code host:port}, at least one
   */
  HttpSeeds(List<String> endpoints) {
    if (endpoints.isEmpty()) throw new IllegalArgumentException("no management endpoint");
    this.endpoints = List.copyOf(endpoints);
  }

  @Override
  public CompletionStage<Answer> ask(MemberSystem.Identity identity) {
    var endpoint = endpoints.get(Math.floorMod(turn.getAndIncrement(), endpoints.size()));
    try {
      var request =
          HttpRequest.newBuilder(URI.create("http://" + endpoint + "/cluster/members"))
              .timeout(ANSWER)
              .build();
      return http.sendAsync(request, BodyHandlers.ofString())
          .handle((response, error) -> error == null ? read(response, identity) : Answer.NONE);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedStage(Answer.NONE); // a name that is no host's
    }
  }

  private static Answer read(HttpResponse<String> response, MemberSystem.Identity identity) {
    if (response.statusCode() != 200) return Answer.NONE;
    try {
      var view = JSON.readTree(response.body());
      if (!view.path("members").isArray()) return Answer.NONE;
      var uid = Long.toString(identity.uid());
      boolean known =
          has(
              view.path("members"),
              m -> is(m, identity.address()) && m.path("nodeUid").asText().equals(uid));
      if (!known) return Answer.UNKNOWN;
      return has(
              view.path("unreachable"),
              m -> is(m, identity.address()) && has(m.path("observedBy"), o -> isCloud(view, o)))
          ? Answer.UNREACHABLE
          : Answer.MEMBER;
    } catch (JsonProcessingException e) {
      return Answer.NONE;
    }
  }

  /** Edges of two sites may never reach each other; that is no cut. */
  private static boolean isCloud(JsonNode view, JsonNode address) {
    return has(
        view.path("members"),
        m -> is(m, address.asText()) && has(m.path("roles"), r -> r.asText().equals("cloud")));
  }

  private static boolean is(JsonNode member, String address) {
    return member.path("node").asText().equals(address);
  }

  private static boolean has(JsonNode list, Predicate<JsonNode> wanted) {
    return StreamSupport.stream(list.spliterator(), false).anyMatch(wanted);
  }
}
