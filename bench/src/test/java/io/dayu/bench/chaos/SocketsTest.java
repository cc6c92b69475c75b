package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SocketsTest {
  private static final ProcessHandle SELF = ProcessHandle.current();

  @Test
  void tellsWhichProcessOpenedAConnection() throws IOException {
    try (var server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        var client = new Socket("127.0.0.1", server.getLocalPort())) {
      var from = (InetSocketAddress) client.getLocalSocketAddress();
      var to = (InetSocketAddress) client.getRemoteSocketAddress();
      var parent = SELF.parent().stream();
      assertThat(Sockets.opener(from, to, Stream.concat(parent, Stream.of(SELF)))).contains(SELF);
      assertThat(Sockets.opener(from, to, Stream.empty())).isEmpty();
      var nowhere = new InetSocketAddress("127.0.0.3", to.getPort());
      assertThat(Sockets.opener(from, nowhere, Stream.of(SELF))).isEmpty();
    }
  }

  @Test
  void readsTheArgumentsOfAProcess() {
    var classPath = Sockets.argument(SELF, "-no-such-argument=");
    assertThat(classPath).isEmpty();
    assertThat(Sockets.argument(SELF, "")).isPresent();
  }
}
