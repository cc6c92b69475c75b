package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.pipeline.Catalog;
import io.dayu.pipeline.Parsed;
import io.dayu.pipeline.PipelineProblem;
import io.dayu.pipeline.PipelineVerifier;
import io.dayu.process.Plans;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with the URI of a source is told when its pipeline is submitted. */
class SubmissionTest {
  private static final Catalog CATALOG =
      new Catalog(
          List.of(Plans.READER),
          List.of(
              new FileReadings(),
              new HttpReadings(),
              new MqttReadings(),
              new MqttMessages(),
              new SyntheticSource()),
          List.of("least-loaded"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mqtt://broker/keep/#",
        "mqtt://broker/#",
        "mqtt://broker/keep/#?format=opaque",
        "http://host/a.ndjson#every=10s",
        "file:/data/a.csv#1",
        "file:/data/a#1.csv"
      })
  void aFragmentIsRefused(String uri) {
    assertThat(problems(uri))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec.sources[0].uri");
              assertThat(problem.message()).contains("# begins a fragment");
              assertThat(problem.remedy()).contains("%23");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "mqtt://user:hunter2@broker/a ! user and password do not belong",
        "mqtt://user:hunter2@broker/a?format=opaque ! user and password do not belong",
        "mqtt://broker ! needs a host and a topic",
        "mqtt:plant/a ! needs a host and a topic",
        "mqtt://broker/a/%23/b ! source mqtt://broker/a/%23/b: Topic filter",
        "mqtt://broker/a?version=4 ! version is 5 or 3",
        "mqtt://broker/a?qos=2 ! unknown parameter 'qos'",
        "mqtt://broker/a?format=xml ! format is readings or opaque",
        "mqtt://broker/a?onBad=ignore ! onBad=ignore is none of stop, fail, skip",
        "file:/data/a.csv?speed=2 ! unknown parameter 'speed'",
        "file:/data/a.csv?loop=maybe ! neither true nor false",
        "file:/data/a.csv?decimal=dot ! decimal=dot is none of point, comma",
        "http://host/a.csv?timeUnit=h ! timeUnit=h is none of s, ms, us, ns",
        "mqtt://host/a?timeZone=Berlin ! timeZone=Berlin is no time zone, such as Europe/Berlin",
        "http://u:hunter2@host/a.csv?charset=x&key=hunter2 ! charset=x is unknown",
        "synthetic:?rate=-1 ! rate=-1 is not a number from 0"
      })
  void aParameterThatMeansNothingIsRefused(String uri, String message) {
    assertThat(problems(uri))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec.sources[0].uri");
              assertThat(problem.message()).contains(message);
              assertThat(problem.toString()).doesNotContain("hunter2");
            });
  }

  @Test
  void twoSourcesAreNotTheSameClientOfABroker() {
    assertThat(
            problems(
                "mqtt://broker/a?client=mine",
                "mqtt://broker/b?client=yours",
                "mqtts://Broker:8884/b?client=mine&format=opaque"))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("spec.sources[2].uri");
              assertThat(problem.message()).contains("source s0 has client=mine at broker");
              assertThat(problem.remedy()).contains("its own");
            });
  }

  @Test
  void sourcesThatDoNotDisturbEachOtherAreAccepted() {
    assertThat(
            problems(
                "mqtt://broker/a",
                "mqtt://broker/a",
                "mqtt://broker/b?client=mine",
                "mqtt://other/b?client=mine",
                "mqtt://broker/plant/%23?format=opaque&client=third",
                "file:/data/a.csv?at=time&value=celsius&onBad=skip&timeUnit=s&timeZone=Europe/Berlin",
                "file:/data/a.csv",
                "http://host/export?format=csv&any=thing",
                "http://host/a.ndjson?token=1",
                "synthetic:?bytes=10"))
        .isEmpty();
  }

  private static List<PipelineProblem> problems(String... uris) {
    var sources = new ArrayList<Object>();
    for (var uri : uris) sources.add(Map.of("name", "s" + sources.size(), "uri", uri));
    var document =
        Map.of(
            "apiVersion",
            "dayu.io/v1alpha1",
            "kind",
            "Pipeline",
            "metadata",
            Map.of("name", "p"),
            "spec",
            Map.of(
                "sources",
                sources,
                "stages",
                List.of(Map.of("id", "a", "type", Plans.READER.descriptor().type()))));
    return PipelineVerifier.check(document, CATALOG) instanceof Parsed.Bad bad
        ? bad.problems().stream().filter(p -> p.path().startsWith("spec.sources")).toList()
        : List.of();
  }
}
