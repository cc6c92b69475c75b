package io.dayu.link;

import io.dayu.element.Element;

/**
 * Decides which elements that come over a link are taken. A peer is believed only what the node
 * knows by other ways: that the pipeline is to run, who reads its source, and who has a part in it.
 * Safe for any thread; must not block.
 */
@FunctionalInterface
public interface Gate {
  /** Takes all. */
  Gate OPEN = element -> Taken.INSTANCE;

  /** What becomes of an element. */
  sealed interface Verdict {}

  /** It goes to the consumer. */
  enum Taken implements Verdict {
    INSTANCE
  }

  /**
   * What the node knows does not allow it; it may be that the node learns more in a moment.
   *
   * @param reason for people
   */
  record NotYet(String reason) implements Verdict {}

  /**
   * It is not taken, whatever the node will learn.
   *
   * @param reason for people
   */
  record Refused(String reason) implements Verdict {}

  Verdict judge(Element element);
}
