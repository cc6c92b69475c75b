package io.dayu.http;

import io.dayu.facts.PipelineVersion;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * A specification that a pipeline has or had.
 *
 * @param at when it became so; absent if that was with release 0.1
 */
record VersionShape(long version, Optional<Instant> at, int sources, int stages, String policy) {
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
  private static final Pattern ASKED =
      Pattern.compile("\\{\\s*\"version\"\\s*:\\s*([1-9][0-9]{0,17})\\s*}");

  /** One of them as it could be submitted again. */
  record Document(String name, long version, Map<String, Object> document) {}

  static VersionShape of(PipelineVersion v) {
    return new VersionShape(v.version(), v.at(), v.sources(), v.stages(), v.policy());
  }

  static long number(String text) {
    if (NUMBER.matcher(text).matches()) return Long.parseLong(text);
    throw Problem.of(400, "\"%s\" is not a version".formatted(text), "give a number, such as 3")
        .refused();
  }

  /** The version in the body of a request to roll back; empty if the body is. */
  static OptionalLong asked(byte[] body) {
    var text = new String(body, StandardCharsets.UTF_8).strip();
    if (text.isEmpty() || text.equals("{}")) return OptionalLong.empty();
    var asked = ASKED.matcher(text);
    if (asked.matches()) return OptionalLong.of(Long.parseLong(asked.group(1)));
    throw Problem.of(
            400,
            "the body does not say a version",
            "send {\"version\": 3}, or nothing for the specification before the present one")
        .refused();
  }

  /** The one before the present. */
  static long before(String pipeline, List<PipelineVersion> versions) {
    if (versions.size() > 1) return versions.get(1).version();
    throw Problem.of(
            409,
            "pipeline %s has had no other specification".formatted(pipeline),
            "change it with PUT; its versions are at GET /api/v1/pipelines/%s/versions"
                .formatted(pipeline))
        .refused();
  }
}
