package io.dayu.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import io.dayu.element.Media;
import io.dayu.element.MediaJson;
import io.dayu.element.MediaRules;
import io.dayu.element.MediaType;
import io.dayu.element.Wav;
import java.io.IOException;

/** Media as they stand in requests, and a look at those of answers. */
final class MediaForms {
  /** Writes ASCII only, as headers need it. */
  static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final String SEE = "see docs/services.md for the form of each media type";

  private MediaForms() {}

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As nodes send it. */
  static JsonNode json(Media media) {
    return MAPPER.valueToTree(MediaJson.full(media));
  }

  /** Checks that an answer with status 200 holds media of a type. */
  static void check(Answer answer, MediaType declared) throws Wrong {
    var contentType = answer.contentType();
    switch (contentType) {
      case Description.JSON -> check(parse(answer.body()), declared);
      case Description.PROTOBUF -> {
        try {
          var media = Media.parseFrom(answer.body());
          same(MediaType.of(media).word(), declared);
          var problem = MediaRules.problem(media);
          if (problem.isPresent()) throw new Wrong("of the output " + problem.get(), SEE);
        } catch (InvalidProtocolBufferException e) {
          throw new Wrong("the output is no Media of protobuf: " + e.getMessage(), SEE);
        }
      }
      default -> {
        // Opaque bytes may be of any type.
        if (declared != MediaType.OPAQUE || !MediaRules.isContentType(contentType))
          raw(answer, contentType, declared);
      }
    }
  }

  private static void raw(Answer answer, String contentType, MediaType declared) throws Wrong {
    switch (contentType) {
      case Description.JPEG -> {
        same("frames", declared);
        var body = answer.body();
        if (body.length < 2 || (body[0] & 0xff) != 0xff || (body[1] & 0xff) != 0xd8)
          throw new Wrong("the output is no JPEG file", "encode the frame as JPEG");
      }
      case Description.WAV -> {
        same("audio", declared);
        if (Wav.read(answer.body()).isEmpty())
          throw new Wrong(
              "the output is no WAV file of 16-bit samples",
              "write such a file, or give its own content type to sound in another form");
      }
      case Description.BYTES -> same("opaque", declared);
      case "text/plain" -> same("text", declared);
      default -> {
        if (contentType.startsWith("audio/")) same("audio", declared);
        else
          throw new Wrong(
              contentType.isEmpty()
                  ? "the output has no content type"
                  : "the output has the content type " + contentType,
              "send content-type: application/json, application/x-protobuf, image/jpeg,"
                  + " audio/wav, application/octet-stream or text/plain");
      }
    }
  }

  static JsonNode parse(byte[] body) throws Wrong {
    try {
      return MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      throw new Wrong("the answer is no JSON: " + e.getOriginalMessage(), SEE);
    } catch (IOException e) {
      throw new Wrong("the answer is no JSON: " + e.getMessage(), SEE);
    }
  }

  /** Checks that JSON is media of a type, as nodes read it. */
  static void check(JsonNode media, MediaType declared) throws Wrong {
    if (!media.isObject() || !media.path("type").isTextual())
      throw new Wrong("the output is " + shown(media) + ", no object with a type", SEE);
    var type = media.path("type").asText();
    if (MediaType.ofWord(type).isEmpty())
      throw new Wrong("the output has the type \"" + type + "\", which is no media type", SEE);
    same(type, declared);
    try {
      var unused =
          MediaJson.read(MAPPER.convertValue(media, Object.class)); // whether it can be read
    } catch (MediaJson.UnreadableMedia e) {
      throw new Wrong("the output cannot be read: " + e.getMessage(), SEE);
    }
  }

  private static void same(String type, MediaType declared) throws Wrong {
    if (!type.equals(declared.word()))
      throw new Wrong(
          "the output is " + type + ", and the description says " + declared.word(),
          "give what is declared, or correct \"output\" of the description");
  }

  static String shown(JsonNode node) {
    if (node.isMissingNode()) return "missing";
    var text = node.toString();
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }
}
