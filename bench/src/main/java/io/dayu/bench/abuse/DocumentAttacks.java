package io.dayu.bench.abuse;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dayu.client.ApiException;
import io.dayu.console.UserException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Documents that somebody submits who may: each is accepted or refused in words. */
final class DocumentAttacks {
  private static final int LARGE_KB = 700;
  private static final int MANY = 12;

  private DocumentAttacks() {}

  static List<Attack> all() {
    return List.of(
        new Attack("documents", "broken and mutated pipelines", DocumentAttacks::mutated),
        new Attack("large-documents", "pipelines that fill messages", DocumentAttacks::large),
        new Attack("document-bombs", "aliases, depth, numbers, names", DocumentAttacks::bombs));
  }

  private static void mutated(Attempt attempt) {
    var random = attempt.random();
    while (attempt.goesOn()) {
      var bytes =
          pipeline("mutant", "synthetic:?rate=1&count=1")
              .toString()
              .getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i <= random.nextInt(5); i++) {
        int at = random.nextInt(bytes.length);
        bytes[at] =
            random.nextBoolean() ? (byte) random.nextInt() : bytes[random.nextInt(bytes.length)];
      }
      submit(attempt, new String(bytes, StandardCharsets.UTF_8));
    }
  }

  private static void large(Attempt attempt) {
    for (int i = 0; i < MANY; i++) {
      var pipeline = pipeline("large-" + i, "synthetic:?rate=1&count=1");
      var labels = pipeline.withObject("/metadata").putObject("annotations");
      ((ObjectNode) pipeline.at("/spec/stages/0"))
          .putObject("params")
          .put("text", "x".repeat((1 + i % 2) * LARGE_KB << 9));
      labels.put("why", "x".repeat(1000));
      submit(attempt, pipeline.toString());
    }
    for (int i = 0; i < MANY; i++)
      submit(
          attempt,
          pipeline("large-uri-" + i, "synthetic:?x=" + "y".repeat(LARGE_KB << 9)).toString());
    var wide = pipeline("wide", "synthetic:?rate=1&count=1");
    for (int i = 0; i < 3_000; i++)
      wide.withObject("/spec")
          .withArray("stages")
          .addObject()
          .put("id", "s" + i)
          .put("type", "identity");
    submit(attempt, wide.toString());
  }

  private static void bombs(Attempt attempt) {
    var laughs = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
      laughs.append("a%s: &a%s [".formatted(i, i));
      for (int j = 0; j < 9; j++) laughs.append("*a").append(i - 1).append(j < 8 ? ", " : "]\n");
    }
    submit(attempt, laughs.toString());
    submit(attempt, "{\"a\":".repeat(50_000));
    submit(attempt, "[".repeat(100_000));
    submit(attempt, "- ".repeat(20_000) + "x");
    submit(attempt, "{\"metadata\": {\"name\": 1" + "0".repeat(100_000) + "}}");
    submit(attempt, "{\"metadata\": {\"name\": 1e999999999}}");
    submit(
        attempt, "!!javax.script.ScriptEngineManager [!!java.net.URL [\"http://127.0.0.1:1/\"]]");
    for (var name :
        List.of(
            "../../x",
            "x\n12:00:00 ERROR forged",
            "<script>alert(1)</script>",
            "\u202e",
            "a".repeat(5_000)))
      submit(attempt, pipeline(name, "synthetic:?rate=1&count=1").toString());
  }

  /** One source on the edge that reads files, one stage. */
  static ObjectNode pipeline(String name, String uri) {
    var json = JsonNodeFactory.instance.objectNode();
    json.put("apiVersion", "dayu.io/v1alpha1").put("kind", "Pipeline");
    json.putObject("metadata").put("name", Victims.HOSTILE + name);
    var spec = json.putObject("spec");
    spec.putArray("sources")
        .addObject()
        .put("name", "in")
        .put("node", Victims.FILE_EDGE)
        .put("uri", uri);
    spec.putArray("stages").addObject().put("id", "a").put("type", "identity");
    return json;
  }

  /** Submits it, whether it is accepted or not. */
  static void submit(Attempt attempt, String document) {
    attempt.sent();
    try {
      attempt.heard(
          attempt
              .victims()
              .api()
              .send("POST", "pipelines", document)
              .toString()
              .getBytes(StandardCharsets.UTF_8));
    } catch (ApiException refused) {
      attempt.heard(String.valueOf(refused.getMessage()).getBytes(StandardCharsets.UTF_8));
      // A defect of ours, not of the document.
      if (refused.status() == 500) throw refused;
    } catch (UserException closed) {
      // An answer that came before the document was sent to its end.
    }
  }
}
