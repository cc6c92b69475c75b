package io.dayu.side;

import io.dayu.element.Element;
import io.dayu.stage.SideInput;
import io.dayu.stage.SideInputs;
import java.util.Collection;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The versions of side inputs that this node has in full. Safe for any thread. */
public interface Sides {
  /** Of a node that has none. */
  Sides NONE =
      new Sides() {
        @Override
        public OptionalLong newest(String pipeline, Collection<String> names) {
          return OptionalLong.empty();
        }

        @Override
        public boolean has(String pipeline, long number, Collection<String> names) {
          return false;
        }

        @Override
        public SideInput get(String pipeline, long number, String name) {
          throw new NoSuchElementException("this node has no side inputs");
        }

        @Override
        public CompletionStage<Void> arrival() {
          return new CompletableFuture<>();
        }
      };

  /** The newest version in which all of these side inputs are here; empty if none is. */
  OptionalLong newest(String pipeline, Collection<String> names);

  /** Whether all of these side inputs are here in a version. */
  boolean has(String pipeline, long number, Collection<String> names);

  /**
   * A side input in a version; may read a small file.
   *
   * @throws NoSuchElementException if it is not here
   */
  SideInput get(String pipeline, long number, String name);

  /** Completes when more is here than now, on any thread. */
  CompletionStage<Void> arrival();

  /** Those of one stage. */
  static SideInputs of(Sides sides, String pipeline, List<String> names) {
    if (names.isEmpty()) return SideInputs.NONE;
    return new SideInputs() {
      @Override
      public List<String> names() {
        return names;
      }

      @Override
      public SideInput get(Element element, String name) {
        if (!names.contains(name))
          throw new NoSuchElementException(
              "the pipeline names no side input %s for this stage (side: [%s])"
                  .formatted(name, name));
        return sides.get(pipeline, element.getSide(), name);
      }
    };
  }
}
