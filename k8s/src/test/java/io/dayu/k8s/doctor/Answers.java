package io.dayu.k8s.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The mock with what it does not answer by itself: its version, whether an account may do
 * something, what kubelets are set to, and that somebody has no right.
 */
final class Answers extends KubernetesCrudDispatcher {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

  /** What is asked for, and what is answered in place of what there is. */
  private final Map<String, MockResponse> instead = new ConcurrentHashMap<>();

  private final Set<String> denied = ConcurrentHashMap.newKeySet();

  private final String date;

  /**
   * @param now by its clock
   */
  Answers(Instant now) {
    date = DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atZone(ZoneOffset.UTC));
    mend();
  }

  void mend() {
    instead.clear();
    denied.clear();
    version("30");
  }

  void version(String minor) {
    instead.put(
        "/version",
        ok("{\"major\": \"1\", \"minor\": \"%s\"}".formatted(minor)).setHeader("Date", date));
  }

  /** Paths that begin so are answered by this status. */
  void refuse(String path, int code) {
    instead.put(
        path,
        new MockResponse()
            .setResponseCode(code)
            .setBody(
                "{\"kind\": \"Status\", \"status\": \"Failure\", \"code\": %d}".formatted(code)));
  }

  /** The account may not. */
  void deny(String verb, String resource) {
    denied.add(verb + " " + resource);
  }

  void dns(String node, String server) {
    instead.put(
        "/api/v1/nodes/%s/proxy/configz".formatted(node),
        ok(
            "{\"kubeletconfig\": {\"clusterDNS\": [\"%s\"], \"clusterDomain\": \"cluster.local\"}}"
                .formatted(server)));
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    var path = request.getPath();
    for (var answer : instead.entrySet())
      if (path.startsWith(answer.getKey())) return answer.getValue();
    return path.startsWith(REVIEWS) ? review(request.getUtf8Body()) : super.dispatch(request);
  }

  private MockResponse review(String body) {
    try {
      var review = (ObjectNode) JSON.readTree(body);
      var of = review.path("spec").path("resourceAttributes");
      var what = of.path("verb").asText() + " " + of.path("resource").asText();
      review.putObject("status").put("allowed", !denied.contains(what));
      return ok(review.toString()).setResponseCode(201);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static MockResponse ok(String body) {
    return new MockResponse()
        .setResponseCode(200)
        .setHeader("Content-Type", "application/json")
        .setBody(body);
  }
}
