package io.dayu.image;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The part of an image below Java: the C library and those that Java and natives need, from the
 * distribution's packages, users and names. No shell and no package manager.
 */
final class BaseFiles {
  private static final List<String> PACKAGES =
      List.of("base-files", "libc6", "libgcc-s1", "libstdc++6", "zlib1g");

  /** Libraries by the names under which programs ask for them. */
  private static final Pattern LIBRARY = Pattern.compile("lib[^/]+\\.so\\.\\d+");

  private BaseFiles() {}

  /** What the distribution's own build of Java, unlike others, does not bring along: 0.6 MB. */
  private static List<String> ofItsJava(Packages packages) {
    return List.of(
        packages.distribution().equals("ubuntu") ? "libjpeg-turbo8" : "libjpeg62-turbo",
        "liblcms2-2");
  }

  /** Writes them and returns the packages that they are from. */
  @CanIgnoreReturnValue
  static List<Packages.Deb> write(Platform platform, Packages packages, Path work, Path into)
      throws IOException {
    var names = new ArrayList<>(PACKAGES);
    names.addAll(ofItsJava(packages));
    var debs = new ArrayList<Packages.Deb>();
    for (var name : names) {
      var deb = packages.fetch(platform, name);
      debs.add(deb);
      var unpacked = work.resolve("deb-" + name);
      Tools.run(work, "dpkg-deb", "-x", deb.file().toString(), unpacked.toString());
      copy(platform, unpacked, into);
      copyright(platform, packages, name, unpacked, work, into);
      // Where scanners look for the packages of an image that has no package manager.
      var status = into.resolve("var/lib/dpkg/status.d").resolve(name);
      Files.createDirectories(status.getParent());
      Files.writeString(status, Tools.run(work, "dpkg-deb", "-f", deb.file().toString()));
    }
    users(into);
    for (var mountPoint : List.of("dev", "proc", "sys", "tmp"))
      Files.createDirectories(into.resolve(mountPoint));
    // Here and not only in the image: an engine that copies the layers takes modes from them.
    Files.setPosixFilePermissions(
        into.resolve("tmp"), PosixFilePermissions.fromString("rwxrwxrwx"));
    return debs;
  }

  private static void copy(Platform platform, Path unpacked, Path into) throws IOException {
    try (var files = Files.walk(unpacked)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        var base = file.getFileName().toString();
        var path = unpacked.relativize(file).toString();
        if (base.equals(Path.of(platform.loader()).getFileName().toString()))
          copy(file, into.resolve(platform.loader()));
        else if (path.contains("lib/" + platform.libraries() + "/" + base)
            && LIBRARY.matcher(base).matches())
          copy(file, into.resolve("usr/lib").resolve(platform.libraries()).resolve(base));
        else if (path.equals("usr/lib/os-release")) copy(file, into.resolve("etc/os-release"));
      }
    }
  }

  /** In the package, or in the one that it refers to, as parts of one source do. */
  private static void copyright(
      Platform platform, Packages packages, String name, Path unpacked, Path work, Path into)
      throws IOException {
    var copyright = Path.of("usr/share/doc", name, "copyright");
    var from = unpacked.resolve(copyright);
    var documents = unpacked.resolve(copyright).getParent();
    if (Files.isSymbolicLink(documents)) {
      var other = Files.readSymbolicLink(documents).getFileName().toString();
      var root = work.resolve("deb-" + other);
      Tools.run(
          work,
          "dpkg-deb",
          "-x",
          packages.fetch(platform, other).file().toString(),
          root.toString());
      from = root.resolve("usr/share/doc").resolve(other).resolve("copyright");
    }
    copy(from, into.resolve(copyright));
  }

  /** What is copied may be a link; an image has the file itself. */
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void users(Path into) throws IOException {
    var etc = Files.createDirectories(into.resolve("etc"));
    Files.writeString(
        etc.resolve("passwd"),
        """
        root:x:0:0:root:/root:/sbin/nologin
        dayu:x:%1$s:%1$s:Dayu:%2$s:/sbin/nologin
        """
            .formatted(Layers.USER, Layers.STATE));
    Files.writeString(etc.resolve("group"), "root:x:0:\ndayu:x:%s:\n".formatted(Layers.USER));
    Files.writeString(
        etc.resolve("nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
    if (!Files.exists(etc.resolve("os-release")))
      throw new UserException("the package base-files has no os-release");
  }
}
