package io.dayu.bench.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Tells which process opened a TCP connection on this machine, from Linux's {@code /proc}. */
final class Sockets {
  private static final Path PROC = Path.of("/proc");

  // Columns of /proc/net/tcp.
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int INODE = 9;

  private Sockets() {}

  static boolean available() {
    return Files.isReadable(PROC.resolve("net/tcp")) && Files.isDirectory(PROC.resolve("self/fd"));
  }

  /**
   * The one of these processes that opened a connection.
   *
   * @param from its IPv4 address at this process
   * @param to where it goes
   */
  static Optional<ProcessHandle> opener(
      InetSocketAddress from, InetSocketAddress to, Stream<ProcessHandle> among) {
    return Stream.of("net/tcp", "net/tcp6")
        .flatMap(table -> lines(PROC.resolve(table)))
        .map(line -> line.strip().split("\\s+"))
        // What a socket of IPv6 has instead of an IPv4 address ends with it.
        .filter(row -> row[LOCAL].endsWith(hex(from)) && row[REMOTE].endsWith(hex(to)))
        .map(row -> Path.of("socket:[" + row[INODE] + "]"))
        .findFirst()
        .flatMap(socket -> among.filter(process -> has(process, socket)).findFirst());
  }

  /** A process's argument that begins so, without the beginning. */
  static Optional<String> argument(ProcessHandle process, String beginning) {
    return lines(PROC.resolve(process.pid() + "/cmdline"))
        .flatMap(all -> Stream.of(all.split("\0")))
        .filter(argument -> argument.startsWith(beginning))
        .map(argument -> argument.substring(beginning.length()))
        .findFirst();
  }

  private static String hex(InetSocketAddress at) {
    var address = ByteBuffer.wrap(at.getAddress().getAddress()).order(ByteOrder.nativeOrder());
    return "%08X:%04X".formatted(address.getInt(), at.getPort());
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream();
    } catch (IOException gone) {
      return Stream.empty();
    }
  }

  private static boolean has(ProcessHandle process, Path socket) {
    try (var descriptors = Files.list(PROC.resolve(process.pid() + "/fd"))) {
      return descriptors.anyMatch(descriptor -> leadsTo(descriptor, socket));
    } catch (IOException | UncheckedIOException gone) {
      return false;
    }
  }

  private static boolean leadsTo(Path descriptor, Path socket) {
    try {
      return Files.readSymbolicLink(descriptor).equals(socket);
    } catch (IOException closed) {
      return false;
    }
  }
}
