package io.dayu.stage;

/**
 * A model that a stage cannot work with: it is not there, may not be read, or is not what the stage
 * takes. The message says what to do, and is shown as the stage's problem.
 */
public final class ModelException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  public ModelException(String message) {
    super(message);
  }

  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
