package io.dayu.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.bench.chaos.ChaosCommand;
import io.dayu.bench.run.CommandLines;
import io.dayu.bench.run.PayloadOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchArgumentsTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
        .execute(arguments);
  }

  @Test
  void asksWhichBench() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString())
        .contains(
            "link, pipeline, fleet, idle, store, compare, service, change, keys, operator, revision");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "link",
        "pipeline",
        "fleet",
        "idle",
        "store",
        "compare",
        "service",
        "change",
        "keys",
        "operator"
      })
  void everyBenchExplainsItself(String bench) {
    assertThat(run(bench, "--help")).isZero();
    assertThat(out.toString()).contains("--duration", "--report");
  }

  @ParameterizedTest
  @ValueSource(strings = {"link", "pipeline", "compare"})
  void theUsualPayloadsAreMeasuredOneAfterTheOther(String bench) {
    var parsed = parse(bench);
    assertThat(parsed.payloads()).containsExactly(1024, 65536, 1048576);
  }

  @Test
  void payloadsAreTakenInTheOrderGiven() {
    assertThat(parse("link", "--payload", "65536,1024").payloads()).containsExactly(65536, 1024);
  }

  @ParameterizedTest
  @CsvSource({"0", "-5", "16777217"})
  void aPayloadThatCannotBeMeasuredIsRefused(String payload) {
    assertThat(run("link", "--payload", payload)).isEqualTo(2);
    assertThat(err.toString()).contains("--payload must be 1 to 16777216 bytes, not " + payload);
  }

  @ParameterizedTest
  @CsvSource({
    "link,999ms",
    "pipeline,1s",
    "fleet,1s",
    "idle,0s",
    "store,999ms",
    "compare,1s",
    "service,1s",
    "change,1s",
    "keys,1s",
    "operator,999ms"
  })
  void aDurationTooShortToTellAnythingIsRefused(String bench, String duration) {
    assertThat(run(bench, "--duration", duration)).isEqualTo(2);
    assertThat(err.toString()).contains("--duration must be at least");
  }

  @ParameterizedTest
  @CsvSource({
    "--stages 0,--stages must be 1 to 26",
    "--stages 1 --stages 27,--stages must be 1 to 26",
    "--stages 3,another number than 3",
    "--store none --route-change,--route-change counts what is stored",
    "--store elsewhere,EMBEDDED"
  })
  void aPipelineThatCannotBeMeasuredIsRefused(String arguments, String told) {
    assertThat(run(("pipeline " + arguments).split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(told);
  }

  @ParameterizedTest
  @CsvSource({
    "--rows 19999,--rows must be at least 20000",
    "--rows 20000 --streams 0,--streams must be from 1",
    "--database h2,POSTGRESQL",
    "--rows 1000000000000,take fewer"
  })
  void aStoreThatCannotBeFilledIsRefused(String arguments, String told) {
    assertThat(run(("store " + arguments).split(" "))).isNotZero();
    assertThat(err.toString()).contains(told);
  }

  @Test
  void aComparisonWithoutARoundIsRefused() {
    assertThat(run("compare", "--rounds", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--rounds must be at least 1");
  }

  @ParameterizedTest
  @CsvSource({"--edges,0", "--edges,-1", "--rate,0", "--payload,0", "--payload,16777217"})
  void aFleetThatCannotBeMeasuredIsRefused(String option, String value) {
    assertThat(run("fleet", option, value)).isEqualTo(2);
    assertThat(err.toString()).contains(option + " must be");
  }

  @Test
  void aDurationThatIsNoneIsRefused() {
    assertThat(run("idle", "--duration", "soon")).isEqualTo(2);
    assertThat(err.toString()).contains("'soon' is not a duration");
  }

  @ParameterizedTest
  @CsvSource({"--network wire,wire", "--network proxy --tcp-retries 5,namespaces"})
  void chaosRefusesANetworkThatCannotDoWhatIsAsked(String arguments, String told) {
    var chaos =
        CommandLines.of(new ChaosCommand(), new PrintWriter(out, true), new PrintWriter(err, true));
    assertThat(chaos.execute(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains("--network", told);
  }

  private PayloadOptions parse(String... arguments) {
    var parsed =
        Bench.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .parseArgs(arguments)
            .subcommand();
    return (PayloadOptions)
        parsed.commandSpec().mixins().values().stream()
            .map(m -> m.userObject())
            .filter(PayloadOptions.class::isInstance)
            .findFirst()
            .orElseThrow();
  }
}
