package io.dayu.bench.chaos;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Small file systems in memory, which can be filled. Only root can mount them. Their names carry
 * this process's id; {@link #sweep} removes what dead processes left behind.
 */
final class Disks implements AutoCloseable {
  private static final String NAME = "dayu-disk-";
  private static final Pattern MOUNT = Pattern.compile("(?m)^dayu-disk-(\\d+) (\\S+) ");
  private static final String FILLER = "filler";

  private final List<Path> mounted = new ArrayList<>();

  private Disks() {}

  static boolean available() {
    return Shell.isRoot() && Shell.succeeds("mount", "--version");
  }

  static Disks open() {
    sweep();
    return new Disks();
  }

  /** Mounts one at a directory, which is made. */
  synchronized void mount(Path directory, int megabytes) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UserException("cannot make " + directory + ": " + e.getMessage(), e);
    }
    Shell.run(
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=" + megabytes + "m",
        NAME + ProcessHandle.current().pid(),
        directory.toString());
    mounted.add(directory);
  }

  /** Takes all the space that is left. */
  static void fill(Path directory) {
    var block = new byte[4 << 10];
    try (var out = Files.newOutputStream(directory.resolve(FILLER))) {
      while (true) out.write(block);
    } catch (IOException full) {
      // As intended.
    }
  }

  /** Gives the space back. */
  static void free(Path directory) {
    try {
      Files.deleteIfExists(directory.resolve(FILLER));
    } catch (IOException e) {
      throw new UserException("cannot free " + directory + ": " + e.getMessage(), e);
    }
  }

  /** Copies what is on the disks to where they were mounted, so that it stays. */
  synchronized void keep() {
    for (var directory : mounted) {
      var copy = directory.resolveSibling(directory.getFileName() + ".copy");
      Shell.succeeds("cp", "-r", directory.toString(), copy.toString());
    }
  }

  @Override
  public synchronized void close() {
    for (var directory : mounted) Shell.succeeds("umount", "-l", directory.toString());
    mounted.clear();
  }

  static void sweep() {
    try {
      var mounts = MOUNT.matcher(Files.readString(Path.of("/proc/mounts")));
      while (mounts.find())
        if (Namespaces.isDead(mounts.group(1))) Shell.succeeds("umount", "-l", mounts.group(2));
    } catch (IOException e) {
      throw new UserException("cannot read /proc/mounts: " + e.getMessage(), e);
    }
  }
}
