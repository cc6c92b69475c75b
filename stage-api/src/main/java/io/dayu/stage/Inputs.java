package io.dayu.stage;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import java.util.Collections;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The named inputs of one stage of a pipeline, by which it reads the outputs of earlier stages
 * whatever those are called. Immutable.
 *
 * @param stages the stage that gives each input, by the input's name; optional inputs may be
 *     missing
 */
public record Inputs(SortedMap<String, String> stages) {
  public static final Inputs NONE = new Inputs(new TreeMap<>());

  public Inputs {
    stages = Collections.unmodifiableSortedMap(new TreeMap<>(stages));
  }

  public static Inputs of(Map<String, String> stages) {
    return stages.isEmpty() ? NONE : new Inputs(new TreeMap<>(stages));
  }

  /** Whether the pipeline names a stage for it; always true of a required one. */
  public boolean isGiven(String input) {
    return stages.containsKey(input);
  }

  /** The input of this name; empty if the pipeline gives none. */
  public Optional<Media> find(Element element, String input) {
    var stage = stages.get(input);
    return stage == null ? Optional.empty() : Outputs.find(element, stage);
  }

  /**
   * The input of this name.
   *
   * @throws NoSuchElementException if the pipeline gives none
   */
  public Media get(Element element, String input) {
    var stage = stages.get(input);
    if (stage == null)
      throw new NoSuchElementException("the pipeline names no stage for the input " + input);
    return Outputs.get(element, stage);
  }

  /** The element with these inputs in place of its outputs, each under its name. */
  public Element named(Element element) {
    var named = element.toBuilder().clearOutputs();
    stages.forEach(
        (input, stage) ->
            Outputs.find(element, stage)
                .ifPresent(media -> named.addOutputs(Outputs.of(input, media))));
    return named.build();
  }
}
