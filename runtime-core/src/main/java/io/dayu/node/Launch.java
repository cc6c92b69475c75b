package io.dayu.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.dayu.log.LogBound;
import io.dayu.settings.ConfigurationException;
import io.dayu.settings.HostPort;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.Security;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What the main classes of nodes share: how they begin, tell that they are ready, and fail. */
public final class Launch {
  private static final Logger LOG = LoggerFactory.getLogger(Launch.class);

  /** The exit code for a wrong configuration, as in {@code sysexits.h}. */
  private static final int EX_CONFIG = 78;

  /** The exit code for wrong arguments, as in {@code sysexits.h}. */
  private static final int EX_USAGE = 64;

  /** The exit code for what another start may mend, as in {@code sysexits.h}. */
  private static final int EX_TEMPFAIL = 75;

  private static final String OWN_USAGE = StateOwner.FLAG + " UID:GID DIRECTORY";

  /**
   * How long the JVM takes a name's address for true, and that it has none, in seconds, where
   * nobody has set it otherwise: by default 30 and 10, or for ever.
   */
  private static final String NAME_TTL = "5";

  private static final String NO_NAME_TTL = "1";
  private static final String NO_NAME_TTL_OF_THE_JDK = "10";

  private Launch() {}

  /** Starts a node and returns how to stop it. */
  @FunctionalInterface
  public interface Node {
    Runnable start(Config config);
  }

  /**
   * The main method of a node: without arguments it runs {@code node}; with {@code --own-state
   * UID:GID DIRECTORY} it gives the directory to that user instead and returns. Anything else ends
   * the process with exit code 64.
   */
  public static void run(String[] arguments, Node node) {
    if (arguments.length == 0) run(node);
    else if (arguments.length == 3 && arguments[0].equals(StateOwner.FLAG))
      own(arguments[1], Path.of(arguments[2]));
    else wrong("a node is configured by its environment; it knows no arguments but " + OWN_USAGE);
  }

  private static void own(String owner, Path directory) {
    try {
      StateOwner.give(owner, directory);
    } catch (IllegalArgumentException e) {
      wrong(e.getMessage() + "; use " + OWN_USAGE);
    } catch (IOException e) {
      System.err.println(directory + " cannot be given to " + owner + ": " + e);
      Runtime.getRuntime().halt(1);
    }
  }

  private static void wrong(String message) {
    System.err.println(message);
    Runtime.getRuntime().halt(EX_USAGE);
  }

  /**
   * Runs {@code node} until the process is told to end. A configuration that cannot be used ends it
   * with exit code 78, anything else that keeps it from starting with 1; the reason is on stderr.
   */
  public static void run(Node node) {
    // With two cores or fewer CompletableFuture starts a thread for every asynchronous step, and
    // Pekko's Java futures take such steps; a common pool of two threads keeps it from that.
    if (Runtime.getRuntime().availableProcessors() <= 2)
      System.setProperty("java.util.concurrent.ForkJoinPool.common.parallelism", "2");
    resolveNamesAnew();
    try {
      var config = Profile.over(ConfigFactory.load());
      var log = config.getString("dayu.node.log");
      if (!log.isEmpty()) LogBound.USUAL.watch(Path.of(log), LogBound.LOOK);
      var stop = node.start(config);
      Runtime.getRuntime().addShutdownHook(new Thread(stop, "shutdown"));
    } catch (ConfigurationException | ConfigException e) {
      System.err.println("The configuration cannot be used:\n" + e.getMessage());
      Runtime.getRuntime().halt(EX_CONFIG);
    } catch (StartException e) {
      System.err.println("The node cannot start: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    } catch (RuntimeException | Error e) { // its threads would keep the process, never ready
      LOG.error("the node cannot start", e);
      System.err.println("The node cannot start: " + e);
      Runtime.getRuntime().halt(1);
    }
  }

  /** Must come before the first look at a name, with which the JVM reads these once. */
  private static void resolveNamesAnew() {
    if (Security.getProperty("networkaddress.cache.ttl") == null
        && System.getProperty("sun.net.inetaddr.ttl") == null)
      Security.setProperty("networkaddress.cache.ttl", NAME_TTL);
    var none = Security.getProperty("networkaddress.cache.negative.ttl");
    if ((none == null || none.equals(NO_NAME_TTL_OF_THE_JDK))
        && System.getProperty("sun.net.inetaddr.negative.ttl") == null)
      Security.setProperty("networkaddress.cache.negative.ttl", NO_NAME_TTL);
  }

  /**
   * Ends the process with exit code 75, after its shutdown hooks, so that its supervisor starts it
   * again. Returns at once.
   */
  public static void giveUp(String why) {
    LOG.error(why);
    System.err.println("The node ends: " + why);
    new Thread(() -> System.exit(EX_TEMPFAIL), "give-up").start();
  }

  /** Seconds since the process began; logged once the node is ready. */
  public static String ready(NodeSettings settings) {
    MDC.put("node", settings.self().name());
    var seconds =
        String.format(Locale.ROOT, "%.1f", ManagementFactory.getRuntimeMXBean().getUptime() / 1e3);
    LOG.info("Node {} is ready after {} s", settings.self().name(), seconds);
    if (settings.keys().keys().isEmpty()) openPorts(settings.self()).ifPresent(LOG::warn);
    return seconds;
  }

  /** What people are to know of ports that others can reach; empty where nobody can. */
  static Optional<String> openPorts(NodeSettings.Self self) {
    if (HostPort.isLoopback(self.bindHost())) return Optional.empty();
    return Optional.of(
        "The ports of cluster and data listen at %s and have neither keys nor encryption (dayu.keys): whoever reaches them can speak for a node. Let only nodes reach them, by a firewall or a private network"
            .formatted(self.bindHost()));
  }
}
