package io.dayu.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.ByteString;
import io.dayu.conformance.Conformance.Attempt;
import io.dayu.conformance.Conformance.Trial;
import io.dayu.console.Units;
import io.dayu.element.Element;
import io.dayu.element.MediaType;
import io.dayu.facts.SideFactsProto;
import io.dayu.local.ChildProcess;
import io.dayu.service.wire.Body;
import io.dayu.service.wire.Call;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.Reply;
import io.dayu.service.wire.Side;
import io.dayu.service.wire.SideName;
import io.dayu.side.SideValues;
import io.grpc.Status;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** {@link Conformance} of a service over gRPC. Not thread-safe; blocks. */
final class GrpcConformance {
  private static final int IN_A_ROW = 100;
  private static final int MOST_AT_ONCE = 16;
  private static final long POLL_MS = 50;
  private static final String TRY_AGAIN =
      "see its log; what will always fail is to be failed with a reason, not retryable";

  private final Trial trial;
  private final List<Check> checks = new ArrayList<>();
  private String json = "";
  private long sequence;

  private GrpcConformance(Trial trial) {
    this.trial = trial;
  }

  static List<Check> run(Trial trial) throws InterruptedException {
    var run = new GrpcConformance(trial);
    run.all();
    return List.copyOf(run.checks);
  }

  private void all() throws InterruptedException {
    if (!check("answers", this::ready)) {
      checks.add(Check.leftOut("everything else", "it does not answer"));
      return;
    }
    var document = trial.description().or(() -> Optional.of(json.getBytes(StandardCharsets.UTF_8)));
    var read = Description.read(document.get());
    for (var problem : read.problems())
      checks.add(Check.wrong("description", problem.found(), problem.remedy()));
    if (read.description().isEmpty())
      checks.add(Check.leftOut("elements", "what it reads is not known without a description"));
    else elements(read.description().get(), saysAccepts(document.get()));
    if (trial.program().isPresent())
      check("SIGTERM ends it", () -> terminates(trial.program().get()));
  }

  private static boolean saysAccepts(byte[] document) {
    try {
      return MediaForms.MAPPER.readTree(document).hasNonNull("accepts");
    } catch (IOException e) {
      return false; // which is told where it is read
    }
  }

  @CanIgnoreReturnValue
  private boolean check(String what, Attempt attempt) throws InterruptedException {
    var check = Conformance.attempted(what, attempt, trial.timeout());
    checks.add(check);
    return check.grade() == Check.Grade.OK;
  }

  private GrpcConnection open() {
    return new GrpcConnection(trial.url(), trial.timeout());
  }

  private String ready() throws Wrong, InterruptedException {
    long end = System.nanoTime() + trial.timeout().toNanos();
    while (true) {
      String why;
      // A foreign process tells nobody when it listens and has loaded, so it is asked.
      try (var connection = open()) {
        json = connection.describe();
        return "at " + trial.url();
      } catch (GrpcConnection.Ended e) {
        if (e.code() == Status.Code.UNIMPLEMENTED && trial.description().isPresent())
          return "at %s, without a description".formatted(trial.url());
        if (e.code() != Status.Code.UNAVAILABLE)
          throw new Wrong(
              String.valueOf(e.getMessage()),
              "implement Describe of dayu.service.v1.Stage, with UNAVAILABLE while it cannot work; for a service that is declared by hand give --description FILE");
        why = String.valueOf(e.getMessage());
      } catch (IOException e) {
        why = String.valueOf(e.getMessage());
      }
      if (trial.program().isPresent() && !trial.program().get().alive())
        throw new Wrong(
            "the program has ended; it said: " + String.join(" / ", trial.program().get().tail(5)),
            "start it by hand with DAYU_SERVICE_TRANSPORT=grpc and DAYU_SERVICE_PORT set, and see why");
      if (System.nanoTime() - end >= 0)
        throw new Wrong(
            "not ready within %s ms: %s".formatted(trial.timeout().toMillis(), why),
            "listen without TLS at 127.0.0.1 and the port that DAYU_SERVICE_PORT says; if it loads for longer, give --timeout");
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  private void elements(Description description, boolean forms) throws InterruptedException {
    var params = Conformance.params(trial, description);
    var samples = Sample.of(description);
    if (!check("grants credit", this::grants)) {
      checks.add(Check.leftOut("elements", "nothing is sent without credit"));
      return;
    }
    int before = checks.size();
    for (var sample : samples)
      for (var form : formsOf(sample, description, forms))
        check(
            sample.words() + " as " + form,
            () -> {
              try (var connection = open()) {
                long begin = System.nanoTime();
                var reply = connection.open().work(List.of(call(params, sample, form))).get(0);
                return "%s, %s ms"
                    .formatted(
                        judge(description, sample, reply), (System.nanoTime() - begin) / 1_000_000);
              }
            });
    var sample = samples.get(0);
    var form = formsOf(sample, description, forms).get(0);
    if (!form.equals(Description.BYTES))
      check(
          "refuses an element without what it needs",
          () -> refused(call(params, new Sample(Optional.empty(), new TreeMap<>(), false), form)));
    if (!description.required().isEmpty())
      check("refuses missing parameters", () -> refused(call(Map.of(), sample, form)));
    if (!description.parameters().isEmpty())
      check(
          "refuses parameters that are no JSON",
          () -> refused(call(params, sample, form).setParams("{\"")));
    if (form.equals(Description.JSON) || form.equals(Description.JPEG))
      check(
          "refuses a body that is no " + form,
          () ->
              refused(
                  call(params, sample, form)
                      .setBody(
                          Body.newBuilder()
                              .setContentType(form)
                              .setContent(ByteString.copyFromUtf8("{;")))));
    check("a message that is none breaks off its stream only", this::garbage);
    if (checks.get(before).grade() == Check.Grade.WRONG) {
      checks.add(Check.leftOut("many elements", "one alone is not worked on"));
      return;
    }
    check(IN_A_ROW + " in a row", () -> row(description, params, sample, form));
    check("several in one message", () -> together(description, params, sample, form));
    check("side inputs", () -> sides(description, params, sample, form));
    var large = Sample.large(description);
    if (large.isPresent())
      check(
          "an element of 8 MB",
          () -> {
            var its = formsOf(large.get(), description, forms).get(0);
            try (var connection = open()) {
              return judge(
                  description,
                  large.get(),
                  connection.open().work(List.of(call(params, large.get(), its))).get(0));
            } catch (GrpcConnection.Ended e) {
              throw new Wrong(
                  String.valueOf(e.getMessage()),
                  "allow messages of 16 MB at least; most servers refuse 4 MB unless told otherwise");
            }
          });
  }

  private static List<String> formsOf(Sample sample, Description description, boolean forms) {
    return forms ? sample.forms(description) : List.of(Description.PROTOBUF);
  }

  private String grants() throws Wrong, IOException {
    try (var connection = open()) {
      var stream = connection.open();
      try {
        stream.awaitCredit(1);
      } catch (SocketTimeoutException e) {
        throw new Wrong(
            "no credit within %s ms".formatted(trial.timeout().toMillis()),
            "send Replies with credit as soon as Work is called: how many calls you take");
      }
      return stream.credit() + " calls";
    }
  }

  private Call.Builder call(Map<String, JsonNode> params, Sample sample, String form)
      throws IOException {
    var whole = Element.parseFrom(sample.body(Description.PROTOBUF));
    var element =
        Element.newBuilder().setStream("conformance/test").setSeq(sequence++).setAttempt(1);
    var call =
        Call.newBuilder()
            .setStage("tested")
            .setDeadlineMs((int) Math.min(Integer.MAX_VALUE, trial.timeout().toMillis()));
    if (!params.isEmpty()) {
      var tree = MediaForms.MAPPER.createObjectNode();
      params.forEach(tree::set);
      call.setParams(new String(MediaForms.bytes(tree), StandardCharsets.US_ASCII));
    }
    if (form.equals(Description.PROTOBUF)) {
      if (whole.hasPayload()) element.setPayload(whole.getPayload());
      element.addAllOutputs(whole.getOutputsList());
    } else
      call.setBody(
          Body.newBuilder()
              .setContentType(form)
              .setContent(ByteString.copyFrom(body(sample, form))));
    return call.setElement(element);
  }

  private static byte[] body(Sample sample, String form) {
    boolean nothing = sample.payload().isEmpty() && sample.inputs().isEmpty();
    return nothing && form.equals(Description.JPEG) ? new byte[0] : sample.body(form);
  }

  /** What became of a sample, which the service should have worked on. */
  private static String judge(Description description, Sample sample, Reply reply) throws Wrong {
    switch (reply.getOutcomeCase()) {
      case OUTPUT -> {
        var type = MediaType.of(reply.getOutput());
        if (type != description.output())
          throw new Wrong(
              "it gives %s, its description says %s"
                  .formatted(type.word(), description.output().word()),
              "give what the description says, or correct the description");
        return type.word();
      }
      case BODY -> {
        var body = reply.getBody();
        MediaForms.check(
            new Answer(
                200,
                Map.of("content-type", body.getContentType()),
                body.getContent().toByteArray(),
                true),
            description.output());
        return description.output().word();
      }
      case SKIP -> {
        return "skipped: " + reply.getSkip();
      }
      case FAILED -> {
        var failed = reply.getFailed();
        if (failed.getRetryable() || failed.getRetryAfterMs() > 0)
          throw new Wrong("would be tried again: " + failed.getReason(), TRY_AGAIN);
        if (!sample.known()) return "refused, as its opaque bytes may be: " + failed.getReason();
        throw new Wrong(
            "failed for good: " + failed.getReason(),
            "its description says that it reads this; take it, or correct the description, or give parameters it can work with: --params '{\"name\": value}'");
      }
      case OUTCOME_NOT_SET ->
          throw new Wrong("a reply without an outcome", "set one of output, body, skip and failed");
    }
    throw new IllegalStateException("all cases are above");
  }

  private String refused(Call.Builder call) throws Wrong, IOException {
    try (var connection = open()) {
      var reply = connection.open().work(List.of(call)).get(0);
      var failed = reply.getFailed();
      if (reply.hasFailed() && !failed.getRetryable() && failed.getRetryAfterMs() == 0)
        return failed.getReason();
      throw new Wrong(
          reply.hasFailed()
              ? "would be tried again for nothing: " + failed.getReason()
              : "it is worked on as if all were well",
          "reply with failed and say what is missing");
    }
  }

  /** What it does with values that are given to it beside the elements. */
  private String sides(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    var value = ByteString.copyFromUtf8("{\"conformance\": [1, 2, 3]}");
    var digest = SideFactsProto.bytes(SideValues.digest(value));
    try (var connection = open()) {
      var stream = connection.open();
      stream.awaitCredit(1);
      stream.raw(
          Calls.newBuilder()
              .addSide(Side.newBuilder().setSha256(digest).setJson(value))
              .build()
              .toByteArray());
      var call = call(params, sample, form);
      call.addSide(SideName.newBuilder().setName("limits").setSha256(digest));
      return judge(description, sample, stream.work(List.of(call)).get(0));
    }
  }

  private String garbage() throws Wrong, IOException {
    try (var connection = open()) {
      var stream = connection.open();
      stream.awaitCredit(1);
      stream.raw(new byte[] {0x0f, (byte) 0xff, 0x01});
      var status = stream.end();
      try {
        connection.open().awaitCredit(1);
      } catch (IOException e) {
        throw new Wrong(
            "afterwards: " + e.getMessage(), "end that stream alone, and go on with others");
      }
      return status.getCode() + "; it lives";
    }
  }

  private String row(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    var micros = new long[IN_A_ROW];
    try (var connection = open()) {
      var stream = connection.open();
      for (int i = 0; i < IN_A_ROW; i++) {
        var call = List.of(call(params, sample, form));
        long begin = System.nanoTime();
        Reply reply;
        try {
          reply = stream.work(call).get(0);
        } catch (SocketTimeoutException e) {
          throw new Wrong(
              "nothing after %s elements".formatted(i),
              "grant one more call (credit) with each reply");
        }
        micros[i] = (System.nanoTime() - begin) / 1000;
        var unused = judge(description, sample, reply); // throws where it is wrong
      }
    }
    Arrays.sort(micros);
    return "p50 %s, p95 %s"
        .formatted(
            Units.millis(micros[IN_A_ROW / 2] / 1000.0),
            Units.millis(micros[IN_A_ROW * 95 / 100] / 1000.0));
  }

  private String together(
      Description description, Map<String, JsonNode> params, Sample sample, String form)
      throws Wrong, IOException {
    try (var connection = open()) {
      var stream = connection.open();
      stream.awaitCredit(1);
      int count = (int) Math.min(stream.credit(), MOST_AT_ONCE);
      var calls = new ArrayList<Call.Builder>();
      for (int i = 0; i < count; i++) calls.add(call(params, sample, form));
      for (var reply : stream.work(calls)) {
        var unused = judge(description, sample, reply); // throws where it is wrong
      }
      return count + " replies";
    }
  }

  /** As a node has it: a stream is open. */
  private String terminates(ChildProcess program) throws Wrong, IOException {
    try (var connection = open()) {
      connection.open().awaitCredit(1);
      long begin = System.nanoTime();
      program.terminate();
      if (!program.await(trial.timeout()))
        throw new Wrong(
            "it still runs %s ms later".formatted(trial.timeout().toMillis()),
            "end on SIGTERM after the calls that run, whatever streams are open; a node kills it otherwise");
      return "after %s ms".formatted((System.nanoTime() - begin) / 1_000_000);
    }
  }
}
