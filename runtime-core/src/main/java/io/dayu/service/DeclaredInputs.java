package io.dayu.service;

import io.dayu.element.MediaType;
import io.dayu.stage.NamedInput;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Which outputs of earlier stages a service reads.
 *
 * @param types of these; with names, those of all of them
 * @param named empty if it gets the outputs of all stages before it that have one of the types
 */
record DeclaredInputs(Set<MediaType> types, List<NamedInput> named) {
  DeclaredInputs {
    types = Set.copyOf(types);
    named = List.copyOf(named);
  }

  static DeclaredInputs of(Set<MediaType> types) {
    return new DeclaredInputs(types, List.of());
  }

  static DeclaredInputs named(List<NamedInput> named) {
    var types = EnumSet.noneOf(MediaType.class);
    named.forEach(input -> types.addAll(input.types()));
    return new DeclaredInputs(types, named);
  }
}
