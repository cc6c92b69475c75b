package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.element.MediaType;
import io.dayu.service.ServiceDescription.BadDescription;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Parameter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceDescriptionTest {
  private static ServiceDeclaration declaration(String more) {
    return ServiceSettingsTest.settings(
            "services.count { url = \"http://127.0.0.1/\"\n" + more + "}")
        .declared()
        .get(0);
  }

  private static ServiceDescription read(String more, String json) throws BadDescription {
    return ServiceDescription.read(declaration(more), json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theContractsExampleIsRead() throws BadDescription {
    var description =
        read(
            "",
            """
            {"apiVersion": "dayu.io/v1alpha1", "version": "1", "description": "Counts readings above a limit",
             "payload": ["readings"], "inputs": [], "output": "labels", "accepts": ["application/json"],
             "parallelism": 4, "memoryMb": 64, "batch": 1,
             "parameters": {"type":"object","properties":{
               "limit":{"type":"number","description":"above it","default":30},
               "sensors":{"type":"array","items":{"type":"string"}},
               "name":{"type":"string"}, "on":{"type":"boolean","default":false}, "n":{"type":"integer"}},
               "required":["limit","name"]}}
            """);
    var descriptor = description.descriptor();
    assertThat(descriptor.type()).isEqualTo("count");
    assertThat(descriptor.version()).isEqualTo("1");
    assertThat(descriptor.payload()).isEqualTo(Set.of(MediaType.READINGS));
    assertThat(descriptor.inputs()).isEmpty();
    assertThat(descriptor.output()).isEqualTo(MediaType.LABELS);
    assertThat(descriptor.parallelism()).isEqualTo(4);
    assertThat(descriptor.memoryMb()).isEqualTo(64);
    assertThat(descriptor.parameters())
        .containsExactlyInAnyOrder(
            new Parameter("limit", Parameter.Type.NUMBER, false, Optional.of(30L), "above it")
                .perElement(),
            Parameter.optional("sensors", Parameter.Type.STRINGS, "").perElement(),
            Parameter.required("name", Parameter.Type.STRING, "").perElement(),
            new Parameter("on", Parameter.Type.BOOLEAN, false, Optional.of(false), "").perElement(),
            Parameter.optional("n", Parameter.Type.NUMBER, "").perElement());
    assertThat(description.accepts()).isEqualTo(List.of(ContentType.JSON));
  }

  @Test
  void theDeclarationStandsAboveWhatAServiceSays() throws BadDescription {
    var description =
        read(
            "parallelism = 2, payload = [frames], output = boxes, accepts = [image/jpeg]",
            """
            {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels", "parallelism": 9}
            """);
    assertThat(description.descriptor().payload()).isEqualTo(Set.of(MediaType.FRAMES));
    assertThat(description.descriptor().output()).isEqualTo(MediaType.BOXES);
    assertThat(description.parallelism()).isEqualTo(2);
    assertThat(description.accepts()).isEqualTo(List.of(ContentType.JPEG));
  }

  @Test
  void inputsMayHaveNames() throws BadDescription {
    var json =
        """
        {"apiVersion": "dayu.io/v1alpha1", "output": "labels",
         "inputs": {"vehicles": ["boxes"], "weather": {"types": ["labels", "text"], "required": false}}}
        """;
    var named =
        List.of(
            NamedInput.required("vehicles", MediaType.BOXES),
            NamedInput.optional("weather", MediaType.LABELS, MediaType.TEXT));
    var described = read("", json);
    assertThat(described.descriptor().namedInputs()).isEqualTo(named);
    assertThat(described.descriptor().inputs())
        .isEqualTo(Set.of(MediaType.BOXES, MediaType.LABELS, MediaType.TEXT));
    assertThat(described.hasTypesOf(read("", json.replace("false", "true")))).isFalse();
    assertThat(
            ServiceDescription.declared(
                    declaration(
                        "output = labels, inputs { vehicles = [boxes], weather { types = [labels, text], required = false } }"))
                .hasTypesOf(described))
        .isTrue();
    assertThat(read("inputs = [text]", json).descriptor().namedInputs()).isEmpty();
  }

  @Test
  void inBatchesMoreElementsAreAtTheServiceAtOnce() throws BadDescription {
    var description =
        read(
            "",
            """
            {"apiVersion": "dayu.io/v1alpha1", "payload": ["text"], "output": "labels", "parallelism": 2, "batch": 16}
            """);
    assertThat(description.parallelism()).isEqualTo(2);
    assertThat(description.descriptor().parallelism()).isEqualTo(32);
  }

  @Test
  void withoutADescriptionTheDeclarationSaysAll() throws BadDescription {
    var declared = declaration("payload = [readings], output = labels");
    assertThat(ServiceDescription.declared(declared).descriptor().output())
        .isEqualTo(MediaType.LABELS);
    assertThatThrownBy(() -> ServiceDescription.declared(declaration("")))
        .hasMessageContaining("/.well-known/dayu-stage")
        .hasMessageContaining("dayu.services.count");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "<html> | no JSON",
        "[] | no JSON object",
        "{} | apiVersion",
        "{'apiVersion':'dayu.io/v9'} | apiVersion",
        "{'apiVersion':'dayu.io/v1alpha1','output':'labels'} | payload and inputs are both empty",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text']} | output is",
        "{'apiVersion':'dayu.io/v1alpha1','inputs':{'a b':['text']},'output':'labels'} | \"a b\" is no name of an input",
        "{'apiVersion':'dayu.io/v1alpha1','inputs':{'a':[]},'output':'labels'} | inputs.a names no media type",
        "{'apiVersion':'dayu.io/v1alpha1','inputs':{'a':{'types':['sound']}},'output':'labels'} | inputs.a is \"sound\"",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['sound'],'output':'labels'} | payload is \"sound\"",
        "{'apiVersion':'dayu.io/v1alpha1','payload':'text','output':'labels'} | payload is no list",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text'],'output':'labels','parallelism':0} | parallelism is no whole number",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text'],'output':'labels','accepts':['text/html']} | accepts has none",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text'],'output':'labels','parameters':{'properties':{'a':{'type':'object'}}}} | parameter a has a type",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text'],'output':'labels','parameters':{'properties':{'a':{'type':'number','default':'x'}}}} | the default of parameter a",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text'],'output':'labels','parameters':{'properties':{'a b':{'type':'number'}}}} | no name of a parameter",
        "{'apiVersion':'dayu.io/v1alpha1','payload':['text'],'output':'labels','parameters':[1]} | no JSON schema",
      })
  void whatCannotBeUsedIsSaid(String json, String expected) {
    assertThatThrownBy(() -> read("", json.replace('\'', '"')))
        .isInstanceOf(BadDescription.class)
        .hasMessageContaining(expected);
  }
}
