package io.dayu.cli;

import io.dayu.console.UserException;
import io.dayu.facts.NodeReport.Role;
import io.dayu.keys.Authority;
import io.dayu.keys.Holder;
import io.dayu.keys.KeysException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes the keys by which nodes know each other. */
@Command(
    name = "keys",
    mixinStandardHelpOptions = true,
    description = "Make keys for nodes on several machines.",
    synopsisSubcommandLabel = "COMMAND")
final class KeysCommand {
  @Command(
      name = "authority",
      mixinStandardHelpOptions = true,
      description = {
        "Make a private authority, which signs the keys of nodes.",
        "Keep ca.key where no node can read it: whoever has it can make nodes."
      })
  int authority(
      @Parameters(paramLabel = "DIR", description = "New files: ca.key and ca.crt.") Path directory,
      @Option(
              names = "--days",
              defaultValue = "3650",
              description = "How long it is valid (default: ${DEFAULT-VALUE}).")
          int days) {
    var made = made(() -> Authority.create(directory, validity(days), Clock.systemUTC()));
    print("Authority in %s, valid until %s.", directory, day(made.expires()));
    print("Make keys with: dayu keys node NAME --role edge --authority %s", directory);
    return 0;
  }

  @Command(
      name = "node",
      mixinStandardHelpOptions = true,
      description = "Make the key of a node: tls.key, tls.crt and ca.crt.")
  int node(
      @Parameters(paramLabel = "NAME", description = "Name of the node (DAYU_NODE_NAME).")
          String name,
      @Option(
              names = "--role",
              required = true,
              paramLabel = "ROLE",
              description = "edge or cloud.")
          Role role,
      @Option(
              names = "--authority",
              required = true,
              paramLabel = "DIR",
              description = "Where the authority is.")
          Path authority,
      @Option(
              names = "--out",
              paramLabel = "DIR",
              description = "Where the key goes (default: DIR/NAME of the authority).")
          Optional<Path> out,
      @Option(
              names = "--days",
              defaultValue = "365",
              description =
                  "How long it is valid, at most as long as the authority (default: ${DEFAULT-VALUE}).")
          int days) {
    var holder = made(() -> new Holder(name, role));
    var directory = out.orElseGet(() -> authority.resolve(name));
    var expires =
        made(
            () ->
                Authority.open(authority, Clock.systemUTC())
                    .issue(holder, directory, validity(days)));
    print("Key of %s in %s, valid until %s.", holder, directory, day(expires));
    print(
        "Copy the directory to the node, readable by the user who runs it alone, and set DAYU_KEYS to it.");
    return 0;
  }

  @Command(
      name = "secrets",
      mixinStandardHelpOptions = true,
      description = {
        "Print the keys of all nodes as Secrets: dayu keys secrets DIR | kubectl apply -f -",
        "One for each node, dayu-keys-NAME; a renewed key is taken by the node while it runs. Private keys are printed."
      })
  int secrets(
      @Parameters(
              paramLabel = "DIR",
              description = "Where the authority is, with the keys of nodes in it.")
          Path authority,
      @Option(
              names = {"-n", "--namespace"},
              paramLabel = "NAME",
              defaultValue = "dayu-system",
              description = "Of the installation (default: ${DEFAULT-VALUE}).")
          String namespace) {
    var secrets = made(() -> KeySecrets.of(authority, namespace));
    spec.commandLine().getOut().print(secrets);
    spec.commandLine().getOut().flush();
    return 0;
  }

  @Spec private CommandSpec spec;

  private void print(String format, Object... values) {
    spec.commandLine().getOut().printf(format + "%n", values);
  }

  private static Duration validity(int days) {
    if (days < 1) throw new UserException("--days is %s; it must be positive".formatted(days));
    return Duration.ofDays(days);
  }

  private static String day(Instant time) {
    return time.atZone(ZoneOffset.UTC).toLocalDate().toString();
  }

  private static <T> T made(Supplier<T> work) {
    try {
      return work.get();
    } catch (KeysException | IllegalArgumentException e) {
      throw new UserException(String.valueOf(e.getMessage()), e);
    }
  }
}
