package io.dayu.stage;

import io.dayu.element.MediaType;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What is known of a stage type without starting it; a pipeline is verified against it.
 *
 * @param type the name that pipelines refer to, such as {@code object-detection}
 * @param payload payload types it reads; empty if it does not read the payload, which then is not
 *     sent to it
 * @param inputs output types of earlier stages it reads; empty if it reads none
 * @param output the type of its output
 * @param parallelism how many elements one instance may work on at once
 * @param memoryMb heap and native memory of one instance, for placement
 */
public record StageDescriptor(
    String type,
    String version,
    String description,
    Set<MediaType> payload,
    Set<MediaType> inputs,
    MediaType output,
    List<Parameter> parameters,
    int parallelism,
    int memoryMb) {
  public StageDescriptor {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(output, "output");
    payload = Set.copyOf(payload);
    inputs = Set.copyOf(inputs);
    parameters = List.copyOf(parameters);
    if (payload.isEmpty() && inputs.isEmpty())
      throw new IllegalArgumentException(type + " reads neither payload nor outputs");
    if (parallelism < 1)
      throw new IllegalArgumentException(type + ": parallelism must be at least 1");
    if (memoryMb < 0) throw new IllegalArgumentException(type + ": memoryMb must be >= 0");
  }

  /** Whether the payload has to travel to this stage. */
  public boolean readsPayload() {
    return !payload.isEmpty();
  }
}
