package io.dayu.source;

import io.dayu.element.MediaType;
import java.util.List;
import java.util.Objects;

/**
 * What is known of a kind of source without opening one.
 *
 * @param live data appears at its own pace and is shed by rule when the window is full; otherwise
 *     the source waits
 * @param repeat what it gives again after a crash of its node
 * @param example an URI it claims, for messages
 */
public record SourceDescriptor(
    String name,
    String description,
    MediaType payload,
    List<Knob> knobs,
    boolean live,
    Repeat repeat,
    String example) {
  public SourceDescriptor {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(payload, "payload");
    Objects.requireNonNull(repeat, "repeat");
    Objects.requireNonNull(example, "example");
    knobs = List.copyOf(knobs);
  }
}
