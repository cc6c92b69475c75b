package io.dayu.stage;

import java.util.List;

/**
 * A stage type whose work a service does: a program of its own, in any language, that the node
 * calls. A node has one for each service that it knows the description of.
 *
 * <p>Safe for any thread. {@link #descriptor} may change when the service is replaced while the
 * node runs, but for what it reads and gives.
 */
public interface ServiceProvider extends StageProvider {
  /** How it is called, such as {@code http}. */
  String transport();

  /** For people, where it is: an address, or the name of a program; without secrets. */
  String from();

  /**
   * Whether the service has not answered for so long that other nodes should do its work. Its
   * stages on this node still wait for it.
   */
  boolean isAway();

  /**
   * What has become of its calls by address, that of {@link #from} first and then the last few that
   * were called before; an address may be there more than once. Empty where that is not counted.
   */
  default List<ServiceCalls> calls() {
    return List.of();
  }

  /**
   * Whether the service is not there, and somebody else is to start it because its stages are here:
   * then elements wait for it, however long that takes, and are not given to it. Cheap; asked
   * before each element.
   */
  default boolean isToCome() {
    return false;
  }
}
