package io.dayu.local;

import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An established TCP connection of a process, as Linux tells it.
 *
 * @param socket the kernel's number, which a connection that is made anew does not have
 */
public record TcpConnection(long socket, int localPort, int remotePort) {
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int STATE = 3;
  private static final int SOCKET = 9;
  private static final String ESTABLISHED = "01";
  private static final String SOCKET_FILE = "socket:[";
  private static final int HEXADECIMAL = 16;

  /**
   * All of a process of this user.
   *
   * @throws UserException where there is no {@code /proc}, or no such process
   */
  public static Set<TcpConnection> of(long pid) {
    var process = Path.of("/proc", Long.toString(pid));
    try {
      var own = sockets(process.resolve("fd"));
      var found = new HashSet<TcpConnection>();
      for (var table : new String[] {"tcp", "tcp6"})
        if (Files.exists(process.resolve("net").resolve(table)))
          Files.readAllLines(process.resolve("net").resolve(table)).stream()
              .skip(1)
              .map(line -> line.strip().split("\\s+", -1))
              .filter(row -> row[STATE].equals(ESTABLISHED) && own.contains(row[SOCKET]))
              .map(
                  row ->
                      new TcpConnection(
                          Long.parseLong(row[SOCKET]), port(row[LOCAL]), port(row[REMOTE])))
              .forEach(found::add);
      return found;
    } catch (IOException e) {
      throw new UserException("cannot tell the connections of process " + pid + ": " + e, e);
    }
  }

  /**
   * Those over which nodes speak to nodes, at data ports and cluster ports; each once, as the node
   * has it that has made it.
   */
  public static Set<TcpConnection> between(LocalCluster cluster) {
    var ports =
        cluster.nodes().stream()
            .flatMap(
                node ->
                    Set.of(node.endpoints().data().getPort(), node.endpoints().cluster().getPort())
                        .stream())
            .collect(Collectors.toSet());
    return cluster.nodes().stream()
        .flatMap(node -> of(node.process().pid()).stream())
        .filter(c -> ports.contains(c.remotePort()))
        .collect(Collectors.toSet());
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1), HEXADECIMAL);
  }

  private static Set<String> sockets(Path descriptors) throws IOException {
    var numbers = new HashSet<String>();
    try (var files = Files.newDirectoryStream(descriptors)) {
      for (var file : files) {
        var target = target(file);
        if (target.startsWith(SOCKET_FILE))
          numbers.add(target.substring(SOCKET_FILE.length(), target.length() - 1));
      }
    }
    return numbers;
  }

  /** Empty if it was closed since the directory was read. */
  private static String target(Path descriptor) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (NoSuchFileException closed) {
      return "";
    }
  }
}
