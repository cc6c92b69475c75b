package io.dayu.local;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One command at a time starts and stops the background nodes of a home. The operating system gives
 * the lock back when its process ends, however it ends.
 */
public final class HomeLock {
  private static final Pattern HOLDER = Pattern.compile("dayu [a-z ]+, process (\\d+)\n");

  private HomeLock() {}

  /**
   * Does the work while no other command is at work.
   *
   * @param command as in {@code dayu up}
   * @throws UserException if another one is; it names that command and its process
   */
  public static <T> T holding(Home home, String command, Supplier<T> work) {
    var file = file(home);
    try {
      Files.createDirectories(file.getParent());
      try (var channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        if (lock(channel) == null) throw new UserException(taken(home));
        var holder = "%s, process %s\n".formatted(command, ProcessHandle.current().pid());
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(holder.getBytes(StandardCharsets.UTF_8)));
        try {
          return work.get();
        } finally {
          channel.truncate(0);
        }
      }
    } catch (IOException e) {
      throw new UserException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException byThisProcess) {
      return null;
    }
  }

  private static String taken(Home home) {
    return "%s is starting or stopping nodes here; wait until it has ended, then try again"
        .formatted(holder(home).orElse("another dayu command"));
  }

  /** The command that is at work now, with its process; empty if none is. */
  public static Optional<String> holder(Home home) {
    try {
      var text = Files.readString(file(home));
      var match = HOLDER.matcher(text);
      // After kill -9 the text is still there.
      boolean lives =
          match.matches()
              && ProcessHandle.of(Long.parseLong(match.group(1)))
                  .filter(ProcessHandle::isAlive)
                  .isPresent();
      return lives ? Optional.of(text.strip()) : Optional.empty();
    } catch (NoSuchFileException never) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UserException("cannot read " + file(home) + ": " + e.getMessage(), e);
    }
  }

  private static Path file(Home home) {
    return home.state().resolve("up.lock");
  }
}
