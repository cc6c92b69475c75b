package io.dayu.image;

import io.dayu.console.StandardOutput;
import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The command line of images. Exit codes: 0 they are built, 1 they are not, with the reason on
 * stderr, 2 it was used wrongly.
 */
@Command(
    name = "dayu image",
    mixinStandardHelpOptions = true,
    description = "Container images of nodes and of the datasource server.",
    synopsisSubcommandLabel = "COMMAND")
public final class ImageCommand implements Runnable {
  @Spec private CommandSpec spec;

  public static void main(String[] args) {
    System.exit(
        StandardOutput.run((out, err) -> commandLine().setOut(out).setErr(err).execute(args)));
  }

  static CommandLine commandLine() {
    return new CommandLine(new ImageCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(ImageCommand::failed);
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    if (e instanceof UserException || e instanceof IOException) {
      command.getErr().println(e instanceof IOException ? e.toString() : e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    if (StandardOutput.hasFailed(e)) return CommandLine.ExitCode.SOFTWARE;
    command.getErr().println("This is a defect of dayu; please report it with the lines below.");
    e.printStackTrace(command.getErr());
    return CommandLine.ExitCode.SOFTWARE;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command: build?");
  }

  @Command(
      name = "build",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = {
        "Build images from what is built here, a JDK 25 and packages of this machine's"
            + " distribution; no container engine is needed.",
        "Each image becomes a tar with an OCI layout, with an inventory (CycloneDX) beside it."
      })
  int build(
      @Parameters(
              arity = "0..*",
              paramLabel = "IMAGE",
              description = "${COMPLETION-CANDIDATES} (all of them)")
          List<Program> programs,
      @Option(
              names = "--arch",
              paramLabel = "ARCH",
              description = "amd64 or arm64 (this machine's)")
          Optional<Platform> platform,
      @Option(
              names = "--out",
              paramLabel = "DIR",
              defaultValue = ".dayu/images",
              description = "directory for the images (${DEFAULT-VALUE})")
          Path out,
      @Option(names = "--tag", defaultValue = "latest", description = "tag (${DEFAULT-VALUE})")
          String tag,
      @Option(
              names = "--no-video",
              description = "without the models and native libraries of video, text and ONNX")
          boolean noVideo,
      @Option(
              names = "--layers",
              paramLabel = "DIR",
              description =
                  "leave the layers here as directories too, with a Dockerfile that makes the same of them")
          Optional<Path> layers,
      @Option(
              names = "--jdk",
              paramLabel = "DIR",
              description =
                  "a JDK 25, or 'packages' for the distribution's (JAVA_HOME_25, else one in /usr/lib/jvm, else the distribution's)")
          Optional<Path> jdk,
      @Option(
              names = "--suite",
              paramLabel = "NAME",
              description = "release of the distribution (trixie on Debian, else this machine's)")
          Optional<String> suite)
      throws IOException {
    var home = Home.find();
    var java = new JavaRuntime(jdk);
    var packages =
        new Packages(Files.createDirectories(home.root().resolve(".dayu/packages")), suite);
    Files.createDirectories(out);
    var all = programs == null || programs.isEmpty() ? List.of(Program.values()) : programs;
    for (var program : all) {
      var order = new Layers.Order(program, platform.orElseGet(Platform::own), !noVideo);
      var built = build(home, order, java, packages, tag, out.toAbsolutePath(), layers);
      spec.commandLine().getOut().println(built);
      spec.commandLine().getOut().flush();
    }
    return 0;
  }

  private static String build(
      Home home,
      Layers.Order order,
      JavaRuntime java,
      Packages packages,
      String tag,
      Path out,
      Optional<Path> keep)
      throws IOException {
    var name = "%s-%s".formatted(order.program().image(), order.platform().architecture());
    // Beside the result, so that nothing has to be copied to another disk.
    var work = Files.createTempDirectory(out, ".build-");
    try {
      var layers =
          Layers.write(home, order, java, packages, Files.createDirectory(work.resolve("layers")));
      var written = work.resolve(name + ".tar");
      var digest = OciImage.write(layers, order, tag, work.resolve("jib"), written);
      var image = out.resolve(written.getFileName().toString());
      Files.move(written, image, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(
          layers.sbom(), out.resolve(name + ".cdx.json"), StandardCopyOption.REPLACE_EXISTING);
      if (keep.isPresent()) Dockerfile.write(layers, order.program(), keep.get().resolve(name));
      return String.format(Locale.ROOT, "%s  %.1f MB  %s", image, Files.size(image) / 1e6, digest);
    } finally {
      Trees.delete(work);
    }
  }
}
