package io.dayu.cli;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalInt;

/** The file a simulated camera writes its port to. */
final class CameraPort {
  private CameraPort() {}

  /** Empty while the camera is not ready. */
  static OptionalInt in(Path file) {
    try {
      return OptionalInt.of(Integer.parseInt(Files.readString(file).strip()));
    } catch (NoSuchFileException notReady) {
      return OptionalInt.empty();
    } catch (IOException | NumberFormatException e) {
      throw new UserException("cannot read the camera's port from " + file + ": " + e, e);
    }
  }
}
