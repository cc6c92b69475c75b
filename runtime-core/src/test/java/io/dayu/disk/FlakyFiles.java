package io.dayu.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/** Files of H2 that take no writes while a test says so. Public, since H2 makes its instances. */
public final class FlakyFiles extends FilePathWrapper {
  private static final String SCHEME = "flaky";
  private static final AtomicBoolean BROKEN = new AtomicBoolean();

  /** The directory, as a path whose files H2 opens through this class. */
  public static Path in(Path directory) {
    FilePath.register(new FlakyFiles());
    return Path.of(SCHEME + ":" + directory);
  }

  public static void broken(boolean now) {
    BROKEN.set(now);
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return new FlakyFile(super.open(mode));
  }

  private static final class FlakyFile extends FileBase {
    private final FileChannel file;

    FlakyFile(FileChannel file) {
      this.file = file;
    }

    private FileChannel writable() throws IOException {
      if (BROKEN.get()) throw new IOException("no write is possible now");
      return file;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return writable().write(from);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      return writable().write(from, position);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      writable().truncate(size);
      return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
      writable().force(metaData);
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
