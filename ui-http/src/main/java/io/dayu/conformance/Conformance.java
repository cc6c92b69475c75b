package io.dayu.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.ByteString;
import io.dayu.console.Units;
import io.dayu.local.ChildProcess;
import io.dayu.side.SideValues;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Calls a service as a node calls it, and as nobody should, and tells where it breaks the contract
 * of docs/services.md. Nothing of a service is expected but that contract: what it answers may
 * differ from call to call. Not thread-safe; a run blocks, each answer for the time-out at most.
 */
public final class Conformance {
  private static final int IN_A_ROW = 100;
  private static final int MOST_AT_ONCE = 16;
  private static final int MOST_IN_A_BATCH = 8;
  private static final long POLL_MS = 50;
  private static final String BATCH = "application/cloudevents-batch+json";
  private static final String ALIVE =
      "refuse what cannot be read with 400, and go on; see the service's log";

  /**
   * What is tried and how.
   *
   * @param url where elements are posted, {@code http} only; or {@code grpc} with host and port
   * @param timeout for each answer, and for the service to be ready
   * @param params parameters of the stage; those that are required and missing are made up
   * @param description the JSON document of a service that has none of its own
   * @param program the process that serves the url, if it is to be ended at last
   */
  public record Trial(
      URI url,
      Duration timeout,
      Map<String, JsonNode> params,
      Optional<byte[]> description,
      Optional<ChildProcess> program) {
    public Trial {
      params = Map.copyOf(params);
    }
  }

  /** A check's own work; it says what it has found. */
  @FunctionalInterface
  interface Attempt {
    String run() throws Wrong, IOException, InterruptedException;
  }

  private final Trial trial;
  private final List<Check> checks = new ArrayList<>();
  private long sequence;

  private Conformance(Trial trial) {
    this.trial = trial;
  }

  /** All checks, in order. A check that needs what an earlier one did not find is left out. */
  public static List<Check> run(Trial trial) throws InterruptedException {
    if (trial.url().getScheme().equals("grpc")) return GrpcConformance.run(trial);
    var run = new Conformance(trial);
    run.all();
    return List.copyOf(run.checks);
  }

  private void all() throws InterruptedException {
    if (!check("answers", this::ready)) {
      checks.add(Check.leftOut("everything else", "it does not answer"));
      return;
    }
    var description = describe();
    check("health", this::health);
    if (description.isEmpty())
      checks.add(Check.leftOut("elements", "what it reads is not known without a description"));
    else elements(description.get());
    if (trial.program().isPresent())
      check("SIGTERM ends it", () -> terminates(trial.program().get()));
  }

  @CanIgnoreReturnValue
  private boolean check(String what, Attempt attempt) throws InterruptedException {
    var check = attempted(what, attempt, trial.timeout());
    checks.add(check);
    return check.grade() == Check.Grade.OK;
  }

  static Check attempted(String what, Attempt attempt, Duration timeout)
      throws InterruptedException {
    try {
      return Check.ok(what, attempt.run());
    } catch (Wrong e) {
      return Check.wrong(what, e.found(), e.remedy());
    } catch (SocketTimeoutException e) {
      return Check.wrong(
          what,
          "no answer within " + timeout.toMillis() + " ms",
          "see its log; if it needs longer, give --timeout here and timeout in its declaration");
    } catch (IOException e) {
      return Check.wrong(
          what,
          e.getMessage() == null ? e.toString() : e.getMessage(),
          "answer every request before a connection is closed; see the service's log");
    }
  }

  private Connection open() throws IOException {
    return Connection.open(trial.url(), trial.timeout());
  }

  // Readiness and description.

  private String ready() throws Wrong, InterruptedException {
    long end = System.nanoTime() + trial.timeout().toNanos();
    while (true) {
      String why;
      try (var connection = open()) {
        // A foreign process tells nobody when it listens and has loaded, so it is asked.
        int status = connection.get("/health").status();
        if (status != 503) return "at " + trial.url();
        why = "/health says 503";
      } catch (IOException e) {
        why = e.getMessage() == null ? e.toString() : e.getMessage();
      }
      if (trial.program().isPresent() && !trial.program().get().alive())
        throw new Wrong(
            "the program has ended; it said: " + said(trial.program().get()),
            "start it by hand with DAYU_SERVICE_PORT set, and see why");
      if (System.nanoTime() - end >= 0)
        throw new Wrong(
            "not ready within %s ms: %s".formatted(trial.timeout().toMillis(), why),
            trial.program().isPresent()
                ? "listen on 127.0.0.1 at the port that DAYU_SERVICE_PORT says; if it loads for"
                    + " longer, give --timeout"
                : "start the service, and give the url at which it listens");
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  private static String said(ChildProcess program) {
    return String.join(" / ", program.tail(5));
  }

  private Optional<Description> describe() throws InterruptedException {
    var document = new ArrayList<byte[]>();
    trial.description().ifPresent(document::add);
    if (document.isEmpty() && !check("tells its description", () -> fetchDescription(document)))
      return Optional.empty();
    var read = Description.read(document.get(0));
    for (var problem : read.problems())
      checks.add(Check.wrong("description", problem.found(), problem.remedy()));
    read.description()
        .ifPresent(
            d ->
                checks.add(
                    Check.ok(
                        "description",
                        "%s parameters, %s calls at once, batches of %s"
                            .formatted(d.parameters().size(), d.parallelism(), d.batch()))));
    return read.description();
  }

  private String fetchDescription(List<byte[]> document) throws Wrong, IOException {
    try (var connection = open()) {
      var answer = connection.get("/.well-known/dayu-stage");
      if (answer.status() == 404)
        throw new Wrong(
            "404 at /.well-known/dayu-stage",
            "serve its description there; for a service that is declared by hand, give the same"
                + " document with --description FILE");
      if (answer.status() != 200)
        throw new Wrong(answer.brief(), "answer 200 and the JSON of the description");
      if (!answer.contentType().equals(Description.JSON))
        throw new Wrong(
            "its content type is \"" + answer.contentType() + "\"",
            "send content-type: application/json");
      document.add(answer.body());
      return answer.body().length + " bytes";
    }
  }

  private String health() throws Wrong, IOException {
    try (var connection = open()) {
      var answer = connection.get("/health");
      return switch (answer.status()) {
        case 200 -> "200";
        case 404 -> "none; a connection that is accepted counts";
        default ->
            throw new Wrong(
                answer.brief(),
                "answer GET /health with 200 when it can work, with 503 while it loads");
      };
    }
  }

  // Elements.

  private void elements(Description description) throws InterruptedException {
    var params = params(trial, description);
    var samples = Sample.of(description);
    int before = checks.size();
    for (var sample : samples)
      for (var form : sample.forms(description))
        check(sample.words() + " as " + form, () -> one(description, params, sample, form));
    var sample = samples.get(0);
    var form = sample.forms(description).get(0);
    if (!description.accepts().equals(List.of(Description.BYTES)))
      check("refuses an element without what it needs", () -> refusesNothing(description, params));
    if (!description.required().isEmpty())
      check("refuses missing parameters", () -> refusesNoParams(sample, form));
    garbage(description, params, sample, form);
    if (checks.get(before).grade() == Check.Grade.WRONG) {
      checks.add(Check.leftOut("many elements", "one alone is not worked on"));
      return;
    }
    check(IN_A_ROW + " in a row over one connection", () -> row(description, params, sample, form));
    check("calls at once", () -> atOnce(description, params, sample, form));
    var large = Sample.large(description);
    if (large.isPresent())
      check("an element of 8 MB", () -> large(description, params, large.get()));
    if (description.batch() > 1) check("a batch", () -> batch(description, params, sample));
    check("side inputs", () -> sides(description, params, sample, form));
  }

  static Map<String, JsonNode> params(Trial trial, Description description) {
    var params = new LinkedHashMap<>(trial.params());
    for (var name : description.required())
      if (!params.containsKey(name)) {
        var value = madeUp(description.parameters().getOrDefault(name, none()));
        params.put(name, value);
      }
    return params;
  }

  private static JsonNode none() {
    return MediaForms.MAPPER.createObjectNode();
  }

  private static JsonNode madeUp(JsonNode schema) {
    if (schema.has("default")) return schema.path("default");
    if (schema.path("enum").size() > 0) return schema.path("enum").get(0);
    var nodes = MediaForms.MAPPER.getNodeFactory();
    return switch (schema.path("type").asText()) {
      case "string" -> nodes.textNode("x");
      case "boolean" -> nodes.booleanNode(true);
      default -> nodes.numberNode(schema.path("minimum").asInt(1));
    };
  }

  private Map<String, String> headers(Map<String, JsonNode> params, String contentType) {
    var headers = new LinkedHashMap<String, String>();
    attributes(params).forEach((name, value) -> headers.put("ce-" + name, value));
    headers.put("content-type", contentType);
    return headers;
  }

  /** Those of a CloudEvent. */
  private Map<String, String> attributes(Map<String, JsonNode> params) {
    var attributes = new LinkedHashMap<String, String>();
    attributes.put("specversion", "1.0");
    attributes.put("type", "io.dayu.element.v1");
    attributes.put("source", "/pipelines/conformance/test");
    attributes.put("id", sequence + ".1");
    attributes.put("subject", "tested");
    attributes.put("time", Instant.EPOCH.toString());
    attributes.put("dayuseq", Long.toString(sequence++));
    attributes.put("dayuattempt", "1");
    attributes.put("dayudeadline", Long.toString(trial.timeout().toMillis()));
    if (!params.isEmpty()) {
      var json = MediaForms.MAPPER.createObjectNode();
      params.forEach(json::set);
      attributes.put("dayuparams", new String(MediaForms.bytes(json), StandardCharsets.US_ASCII));
    }
    return attributes;
  }

  private String one(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    try (var connection = open()) {
      long begin = System.nanoTime();
      var answer = connection.post(headers(params, form), sample.body(form));
      var found = judge(description, params, sample, answer);
      return "%s, %s ms".formatted(found, (System.nanoTime() - begin) / 1_000_000);
    }
  }

  /** What became of a sample, which the service should have worked on. */
  private String judge(
      Description description, Map<String, JsonNode> params, Sample sample, Answer answer)
      throws Wrong {
    if (answer.status() == 200) {
      MediaForms.check(answer, description.output());
      return description.output().word();
    }
    if (answer.status() == 204)
      return "skipped: "
          + answer.headers().getOrDefault("dayu-reason", "(no reason in dayu-reason)");
    if (answer.failsForGood()) {
      if (!sample.known()) return "refused, as its opaque bytes may be: " + answer.brief();
      throw new Wrong(
          "failed for good, " + answer.brief(),
          params.keySet().equals(trial.params().keySet())
              ? "its description says that it reads this; take it, or correct the description"
              : "required parameters were made up; give some it can work with: --params"
                  + " '{\"name\": value}'");
    }
    if (answer.again())
      throw new Wrong(
          "would be tried again, " + answer.brief(),
          "see its log; what will always fail is to be answered with 422 and the reason");
    if (answer.status() / 100 == 3)
      throw new Wrong(
          "redirects to " + answer.headers().getOrDefault("location", "?"),
          "nodes follow no redirect; give its own url");
    throw new Wrong(
        answer.brief(), "answer 200 with an output, 204 to skip, 4xx for what cannot work");
  }

  /** What it does with values that are given to it beside the elements. */
  private String sides(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    var value = "{\"conformance\": [1, 2, 3]}".getBytes(StandardCharsets.UTF_8);
    var digest = SideValues.digest(ByteString.copyFrom(value));
    try (var connection = open()) {
      var given = connection.put("/side/" + digest, value);
      if (given.status() == 404 || given.status() == 405 || given.status() == 501)
        return "none: PUT /side/… is answered with status " + given.status();
      if (given.status() / 100 != 2)
        throw new Wrong(
            "PUT /side/… is answered with " + given.brief(),
            "keep the value and answer 204, or 404 if the service takes no side inputs");
    }
    var headers = headers(params, form);
    headers.put("ce-dayuside", "limits=" + digest);
    String found;
    try (var connection = open()) {
      found = judge(description, params, sample, connection.post(headers, sample.body(form)));
    }
    headers.put("ce-dayuside", "limits=" + "0".repeat(64));
    try (var connection = open()) {
      var answer = connection.post(headers, sample.body(form));
      if (answer.status() != 428)
        throw new Wrong(
            "a value that was never given: " + answer.brief(),
            "answer 428 where ce-dayuside names what the service does not have; then it is given again");
    }
    return found + ", and asks for what it does not have";
  }

  private String refusesNothing(Description description, Map<String, JsonNode> params)
      throws Wrong, IOException {
    boolean json = description.accepts().contains(Description.JSON);
    var form = json ? Description.JSON : description.accepts().get(0);
    var body = json ? "{}".getBytes(StandardCharsets.UTF_8) : new byte[0];
    try (var connection = open()) {
      return refused(connection.post(headers(params, form), body));
    }
  }

  private String refusesNoParams(Sample sample, String form) throws Wrong, IOException {
    try (var connection = open()) {
      return refused(connection.post(headers(Map.of(), form), sample.body(form)));
    }
  }

  private static String refused(Answer answer) throws Wrong {
    if (answer.failsForGood()) return answer.brief();
    throw new Wrong(
        answer.status() == 200 || answer.status() == 204
            ? "it is worked on as if all were well, " + answer.status()
            : "would be tried again for nothing, " + answer.brief(),
        "answer 400 and say what is missing");
  }

  // Garbage.

  private void garbage(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws InterruptedException {
    if (!form.equals(Description.BYTES))
      check(
          "refuses a body that is no " + form,
          () -> {
            try (var connection = open()) {
              var body = new byte[] {'{', (byte) 0xff, 0, '"', (byte) 0x80, ';'};
              return refused(connection.post(headers(params, form), body));
            }
          });
    // Opaque bytes may come with any.
    if (!description.accepts().contains(Description.BYTES))
      check(
          "refuses another content type",
          () -> {
            try (var connection = open()) {
              return refused(connection.post(headers(params, "text/html"), sample.body(form)));
            }
          });
    if (!description.parameters().isEmpty())
      check("refuses parameters that are no JSON", () -> refusesBadParams(params, sample, form));
    check("refuses bytes that are no HTTP", this::noHttp);
    check(
        "bears a caller that leaves in the middle",
        () -> {
          try (var connection = open()) {
            connection.write(
                "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"
                    .getBytes(StandardCharsets.US_ASCII));
          }
          return alive();
        });
  }

  private String refusesBadParams(Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    var headers = headers(params, form);
    headers.put("ce-dayuparams", "{\"");
    try (var connection = open()) {
      return refused(connection.post(headers, sample.body(form)));
    }
  }

  private String noHttp() throws Wrong, IOException {
    var found = "closes the connection";
    try (var connection = open()) {
      connection.write("\0\1\2 garbage\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      connection.finish();
      var answer = connection.read();
      if (!answer.failsForGood()) throw new Wrong(answer.brief(), ALIVE);
      found = Integer.toString(answer.status());
    } catch (SocketTimeoutException e) {
      throw new Wrong("it neither answers nor closes the connection", ALIVE);
    } catch (IOException e) {
      // Closing without an answer is one, too.
    }
    return found + "; " + alive();
  }

  private String alive() throws Wrong, IOException {
    try (var connection = open()) {
      int status = connection.get("/health").status();
      if (status == 200 || status == 404) return "it lives";
      throw new Wrong("afterwards /health says " + status, ALIVE);
    } catch (SocketTimeoutException e) {
      throw new Wrong("afterwards it does not answer", ALIVE);
    }
  }

  // Many and large elements.

  private String row(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    var body = sample.body(form);
    var micros = new long[IN_A_ROW];
    try (var connection = open()) {
      for (int i = 0; i < IN_A_ROW; i++) {
        long begin = System.nanoTime();
        var answer = connection.post(headers(params, form), body);
        micros[i] = (System.nanoTime() - begin) / 1000;
        var unused = judge(description, params, sample, answer); // throws where it is wrong
        if (!answer.keeps())
          throw new Wrong(
              "it closes the connection after answer " + (i + 1),
              "keep connections (HTTP/1.1 keep-alive) with a content-length in every answer");
      }
    }
    Arrays.sort(micros);
    return "p50 %s, p95 %s"
        .formatted(
            Units.millis(micros[IN_A_ROW / 2] / 1000.0),
            Units.millis(micros[IN_A_ROW * 95 / 100] / 1000.0));
  }

  private String atOnce(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException, InterruptedException {
    int calls = Math.max(2, Math.min(description.parallelism(), MOST_AT_ONCE));
    var work = new ArrayList<Callable<Answer>>();
    for (int i = 0; i < calls; i++) {
      var headers = headers(params, form);
      work.add(
          () -> {
            try (var connection = open()) {
              return connection.post(headers, sample.body(form));
            }
          });
    }
    var threads = Executors.newFixedThreadPool(calls);
    try {
      for (var answer : threads.invokeAll(work)) {
        var unused = judge(description, params, sample, answer.get()); // throws where it is wrong
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException broken) throw broken;
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
    return calls + " answers";
  }

  private String large(Description description, Map<String, JsonNode> params, Sample sample)
      throws Wrong, IOException {
    var form = sample.forms(description).get(0);
    try (var connection = open()) {
      var answer = connection.post(headers(params, form), sample.body(form));
      if (answer.status() == 413)
        throw new Wrong(answer.brief(), "take bodies of 16 MB at least; base64 adds a third");
      return judge(description, params, sample, answer);
    }
  }

  private String batch(Description description, Map<String, JsonNode> params, Sample sample)
      throws Wrong, IOException {
    var events = MediaForms.MAPPER.createArrayNode();
    var ids = new ArrayList<String>();
    for (int i = 0; i < Math.min(description.batch(), MOST_IN_A_BATCH); i++) {
      var event = events.addObject();
      attributes(params).forEach(event::put);
      event.put("datacontenttype", Description.JSON).set("data", sample.json());
      ids.add(event.path("id").asText());
    }
    Answer answer;
    try (var connection = open()) {
      answer = connection.post(Map.of("content-type", BATCH), MediaForms.bytes(events));
    }
    var remedy = "answer 200 and a JSON array with one object for each event, in their order";
    if (answer.status() != 200) throw new Wrong(answer.brief(), remedy);
    var results = MediaForms.parse(answer.body());
    if (!results.isArray() || results.size() != ids.size())
      throw new Wrong("%s answers to %s events".formatted(results.size(), ids.size()), remedy);
    for (int i = 0; i < ids.size(); i++) {
      var result = results.get(i);
      if (!result.path("id").asText().equals(ids.get(i)))
        throw new Wrong(
            "answer %s has the id %s, not %s"
                .formatted(i, MediaForms.shown(result.path("id")), ids.get(i)),
            remedy);
      batched(result, description, sample);
    }
    return ids.size() + " answers";
  }

  private static void batched(JsonNode result, Description description, Sample sample)
      throws Wrong {
    if (result.has("output")) MediaForms.check(result.path("output"), description.output());
    else if (!result.path("skip").isTextual() && (sample.known() || !result.has("failed")))
      throw new Wrong(
          "an event is answered with " + MediaForms.shown(result),
          "answer each with output, skip, or failed and its reason, as when it comes alone");
  }

  // The end.

  private String terminates(ChildProcess program) throws Wrong, IOException {
    // As a node has it: a connection that rests is open.
    try (var connection = open()) {
      var unused = connection.get("/health"); // only so that the connection rests after a call
      long begin = System.nanoTime();
      program.terminate();
      if (!program.await(trial.timeout()))
        throw new Wrong(
            "it still runs %s ms later".formatted(trial.timeout().toMillis()),
            "end on SIGTERM after the calls that run, whatever connections are open; a node kills"
                + " it otherwise");
      return "after %s ms".formatted((System.nanoTime() - begin) / 1_000_000);
    }
  }
}
