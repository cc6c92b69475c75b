package io.dayu.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.util.StringQuotingChecker;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.Pattern;

/** A pipeline's document as YAML. Stateless and safe for any thread. */
public final class PipelineYaml {
  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder()
              .stringQuotingChecker(new Quotes())
              .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
              .disable(YAMLGenerator.Feature.SPLIT_LINES)
              .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
              .build());

  private PipelineYaml() {}

  /** The text of a document, which every reader of YAML 1.1 or 1.2 reads as the same document. */
  public static String write(JsonNode document) {
    try {
      return YAML.writeValueAsString(withExponents(document));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The name of the pipeline in a document, YAML or JSON; empty if there is none. */
  public static Optional<String> name(String document) {
    try {
      var name = YAML.readTree(document).path("metadata").path("name");
      return name.isTextual() ? Optional.of(name.asText()) : Optional.empty();
    } catch (JsonProcessingException notADocument) {
      return Optional.empty();
    }
  }

  /** {@code 1.0E10} is text in YAML, which wants a sign before the exponent: {@code 1.0E+10}. */
  private static JsonNode withExponents(JsonNode node) {
    if (node.isDouble()) return DecimalNode.valueOf(BigDecimal.valueOf(node.doubleValue()));
    if (node.isArray()) {
      var items = JsonNodeFactory.instance.arrayNode();
      node.forEach(item -> items.add(withExponents(item)));
      return items;
    }
    if (!node.isObject()) return node;
    var fields = JsonNodeFactory.instance.objectNode();
    node.properties().forEach(field -> fields.set(field.getKey(), withExponents(field.getValue())));
    return fields;
  }

  /** Quotes everything of which another reader may make something else than a string. */
  private static final class Quotes extends StringQuotingChecker {
    private static final long serialVersionUID = 1L;

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9_./:?=&%@+-]*(?<!:)");
    private static final Pattern WORD = Pattern.compile("(?i)y|yes|n|no|on|off|true|false|null");

    @Override
    public boolean needToQuoteName(String name) {
      return needToQuoteValue(name);
    }

    @Override
    public boolean needToQuoteValue(String value) {
      return !PLAIN.matcher(value).matches() || WORD.matcher(value).matches();
    }
  }
}
