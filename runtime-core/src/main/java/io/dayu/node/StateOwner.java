package io.dayu.node;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Gives a directory to the user that a node runs as. On Kubernetes the kubelet makes a directory of
 * the host as root, no setting of a pod changes that, and an image of a node has no shell; so a
 * container before the node's runs the same image with {@code --own-state UID:GID DIRECTORY}.
 */
final class StateOwner {
  static final String FLAG = "--own-state";

  private static final Pattern OWNER = Pattern.compile("([0-9]{1,9}):([0-9]{1,9})");
  private static final String USER = "unix:uid";
  private static final String GROUP = "unix:gid";

  private StateOwner() {}

  /**
   * @param owner {@code UID:GID}
   * @throws IllegalArgumentException if {@code owner} is none
   * @throws IOException if something in the directory cannot be given away; then the directory
   *     itself was not, and another try begins anew
   */
  static void give(String owner, Path directory) throws IOException {
    var numbers = OWNER.matcher(owner);
    if (!numbers.matches())
      throw new IllegalArgumentException("%s is no UID:GID, such as 10001:10001".formatted(owner));
    int user = Integer.parseInt(numbers.group(1));
    int group = Integer.parseInt(numbers.group(2));
    // What is in a directory that is theirs already, they have made.
    if (is(directory, USER, user) && is(directory, GROUP, group)) return;
    // While it is still ours: afterwards changing it takes one more capability.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    // The directory last: without the capability to read everything, what is theirs is closed to
    // us.
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            set(file, user, group);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failed)
              throws IOException {
            if (failed != null) throw failed;
            set(dir, user, group);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static boolean is(Path path, String attribute, int value) throws IOException {
    return Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS).equals(value);
  }

  private static void set(Path path, int user, int group) throws IOException {
    Files.setAttribute(path, GROUP, group, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, USER, user, LinkOption.NOFOLLOW_LINKS);
  }
}
