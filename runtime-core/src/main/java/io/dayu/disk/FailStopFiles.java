package io.dayu.disk;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/**
 * Files of H2 that take no more writes, once one has failed, until they are opened again.
 *
 * <p>H2 (2.3.232, {@code MVStore.unlockAndCheckPanicCondition}) gives up its lock before it closes
 * a store whose write has failed. A commit that waits for the lock then writes a chunk that builds
 * on the one that is not there, and lets the file's header point to it. That commit fails, too; but
 * then the header points to nothing valid. When the file is opened, H2 takes the last chunk in the
 * file instead, which may be an old one, and all commits since that chunk are lost. Without the
 * second write the header points to the last good commit.
 *
 * <p>A failed write can also leave H2's counter of versions in use below zero, and a thread that
 * begins a statement on that store then spins for ever ({@code MVStore.registerVersionUsage}). So a
 * file has a {@link Ballast}, and the disk must be filled up twice before a write fails.
 *
 * <p>A fail-stop disk in the sense of Schneider, "Byzantine generals in action: implementing
 * fail-stop processors", 1984. Thread-safe as far as the files below are. Public, with a public
 * constructor, since H2 makes its own instances.
 */
public final class FailStopFiles extends FilePathWrapper {
  private static final String SCHEME = "failstop";

  /** Every ballast, by the file that it protects. */
  private static final Map<String, Ballast> BALLASTS = new ConcurrentHashMap<>();

  /**
   * The name by which H2 finds such a file.
   *
   * @param ballast is given up before a write fails for want of space
   */
  public static String name(Path file, Ballast ballast) {
    FilePath.register(new FailStopFiles());
    BALLASTS.put(file.toAbsolutePath().toString(), ballast);
    return SCHEME + ":" + file.toAbsolutePath();
  }

  /** The file of a name that was made by {@link #name}. */
  public static Optional<Path> path(String name) {
    return name.startsWith(SCHEME + ":")
        ? Optional.of(Path.of(name.substring(SCHEME.length() + 1)))
        : Optional.empty();
  }

  /** The ballast of a file whose name was made by {@link #name}. */
  public static Optional<Ballast> ballast(String name) {
    return name.startsWith(SCHEME + ":")
        ? Optional.ofNullable(BALLASTS.get(name.substring(SCHEME.length() + 1)))
        : Optional.empty();
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return new FailStopFile(super.open(mode), ballast(name));
  }

  private interface Change<T> {
    T on(FileChannel file) throws IOException;
  }

  private static final class FailStopFile extends FileBase {
    private final FileChannel file;
    private final Optional<Ballast> ballast;
    private final AtomicReference<IOException> failure = new AtomicReference<>();

    FailStopFile(FileChannel file, Optional<Ballast> ballast) {
      this.file = file;
      this.ballast = ballast;
    }

    @CanIgnoreReturnValue
    private <T> T change(Change<T> change) throws IOException {
      var before = failure.get();
      if (before != null)
        throw new IOException("a write has failed before: " + before.getMessage(), before);
      try {
        return withBallast(change);
      } catch (IOException e) {
        failure.compareAndSet(null, e); // later writes fail with the first failure as their cause
        throw e;
      }
    }

    private <T> T withBallast(Change<T> change) throws IOException {
      try {
        return change.on(file);
      } catch (IOException full) {
        if (ballast.isEmpty() || !ballast.get().giveUp()) throw full;
        return change.on(file);
      }
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return change(f -> f.write(from));
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      return change(f -> f.write(from, position));
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      change(f -> f.truncate(size));
      return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
      change(
          f -> {
            f.force(metaData);
            return true;
          });
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return file.read(into);
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return file.read(into, position);
    }

    @Override
    public long position() throws IOException {
      return file.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
      file.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return file.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      file.close();
    }
  }
}
