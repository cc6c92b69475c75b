package io.dayu.pipeline;

/** Whether the sources of a pipeline are read. */
public enum RunState {
  RUNNING,
  /**
   * Nothing is read; what is in flight is finished, and everything else is kept: positions, numbers
   * and what waits on disks.
   */
  PAUSED,
  /** As paused, and its stages are unloaded, too, once nothing is in flight. */
  STOPPED
}
