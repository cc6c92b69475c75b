package io.dayu.stage;

import io.dayu.element.MediaType;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What is known of a stage type without starting it; a pipeline is verified against it.
 *
 * @param type the name that pipelines refer to, such as {@code object-detection}
 * @param payload payload types it reads; empty if it does not read the payload, which then is not
 *     sent to it
 * @param inputs output types of earlier stages it reads; empty if it reads none. With named inputs
 *     it is the types of those together, whatever is given
 * @param namedInputs outputs of earlier stages that it reads by name; empty if it takes those of
 *     all stages before it, whatever they are called
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
    List<NamedInput> namedInputs,
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
    namedInputs = List.copyOf(namedInputs);
    inputs = namedInputs.isEmpty() ? Set.copyOf(inputs) : Set.copyOf(together(namedInputs));
    parameters = List.copyOf(parameters);
    if (payload.isEmpty() && inputs.isEmpty())
      throw new IllegalArgumentException(type + " reads neither payload nor outputs");
    if (parallelism < 1)
      throw new IllegalArgumentException(type + ": parallelism must be at least 1");
    if (memoryMb < 0) throw new IllegalArgumentException(type + ": memoryMb must be >= 0");
    var names = new HashSet<String>();
    for (var input : namedInputs)
      if (!names.add(input.name()))
        throw new IllegalArgumentException(type + " has two inputs named " + input.name());
  }

  /** Of a type without named inputs. */
  public StageDescriptor(
      String type,
      String version,
      String description,
      Set<MediaType> payload,
      Set<MediaType> inputs,
      MediaType output,
      List<Parameter> parameters,
      int parallelism,
      int memoryMb) {
    this(
        type,
        version,
        description,
        payload,
        inputs,
        List.of(),
        output,
        parameters,
        parallelism,
        memoryMb);
  }

  private static Set<MediaType> together(List<NamedInput> named) {
    var types = EnumSet.noneOf(MediaType.class);
    named.forEach(input -> types.addAll(input.types()));
    return types;
  }

  /** Whether the payload has to travel to this stage. */
  public boolean readsPayload() {
    return !payload.isEmpty();
  }
}
