package io.dayu.stage;

import io.dayu.element.Element;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * The side inputs of one stage of a pipeline. All stages see the same version of each for one
 * attempt of an element, wherever they run; another attempt may have a later one. Safe for any
 * thread.
 */
public interface SideInputs {
  SideInputs NONE =
      new SideInputs() {
        @Override
        public List<String> names() {
          return List.of();
        }

        @Override
        public SideInput get(Element element, String name) {
          throw new NoSuchElementException("the stage names no side input " + name);
        }
      };

  /** Those that the pipeline names for the stage. */
  List<String> names();

  /**
   * The side input of this name in the version that the element has. Quick, but for the first time
   * of a version, which may read a small file.
   *
   * @throws NoSuchElementException if the stage does not name it, or if the node does not keep the
   *     version any more, because it has changed eight times since the element was sent; an element
   *     that fails by it is tried again
   */
  SideInput get(Element element, String name);
}
