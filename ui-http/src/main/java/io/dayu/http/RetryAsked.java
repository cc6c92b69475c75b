package io.dayu.http;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a request to send failed elements again says in its body.
 *
 * @param source only of this one
 * @param stage only what failed there
 * @param seqs these numbers of the source; empty for all
 * @param after where the answer before has ended
 */
record RetryAsked(
    Optional<String> source, Optional<String> stage, List<Long> seqs, Optional<String> after) {
  private static final int MOST = 1_000;
  private static final Set<String> KNOWN = Set.of("source", "stage", "seqs", "all", "after");
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  private static final String REMEDY =
      "send {\"all\": true}, {\"stage\": \"detect\"} or {\"source\": \"cam-0\", \"seqs\": [17, 18]}";

  static RetryAsked of(byte[] body) {
    var tree = tree(body);
    var unknown = new TreeSet<String>();
    tree.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(KNOWN);
    if (!unknown.isEmpty()) throw bad("the body has unknown members: " + unknown);
    var source = text(tree, "source");
    var stage = text(tree, "stage");
    var seqs = seqs(tree.path("seqs"));
    if (tree.has("all") && !tree.path("all").isBoolean()) throw bad("all takes true or false");
    if (!seqs.isEmpty() && source.isEmpty()) throw bad("seqs are of a source, which is missing");
    if (seqs.isEmpty() && stage.isEmpty() && !tree.path("all").asBoolean())
      throw bad("the body does not say which failed elements are to be sent again");
    return new RetryAsked(source, stage, seqs, text(tree, "after"));
  }

  private static JsonNode tree(byte[] body) {
    try {
      var tree = MAPPER.readTree(body);
      if (tree != null && tree.isObject()) return tree;
    } catch (IOException notJson) {
      throw bad("the body is no JSON");
    }
    throw bad("the body is no JSON object");
  }

  private static Optional<String> text(JsonNode tree, String name) {
    if (!tree.hasNonNull(name)) return Optional.empty();
    if (!tree.path(name).isTextual()) throw bad(name + " is no string");
    return Optional.of(tree.path(name).asText());
  }

  private static List<Long> seqs(JsonNode list) {
    var seqs = new ArrayList<Long>();
    if (list.isMissingNode() || list.isNull()) return seqs;
    if (!list.isArray() || list.isEmpty() || list.size() > MOST)
      throw bad("seqs is no list of 1 to %s numbers".formatted(MOST));
    for (var seq : list) {
      if (!seq.isIntegralNumber() || !seq.canConvertToLong() || seq.asLong() < 0)
        throw bad("seqs has an item that is no sequence number: " + seq);
      seqs.add(seq.asLong());
    }
    return seqs;
  }

  private static Problem.Refused bad(String what) {
    return Problem.of(400, what, REMEDY).refused();
  }
}
