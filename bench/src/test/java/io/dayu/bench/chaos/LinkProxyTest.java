package io.dayu.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LinkProxyTest {
  private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
  private static final String CLIENT = "edge-1";
  private static final String SERVER = "edge-2";
  private static final int SILENCE_MS = 150;

  private final LinkProxy proxy = LinkProxy.start();
  private final List<Socket> sockets = new ArrayList<>();
  private ServerSocket server;
  private InetSocketAddress behind;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket();
    server.setReceiveBufferSize(64 * 1024);
    server.bind(ANY);
    behind = (InetSocketAddress) server.getLocalSocketAddress();
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    server.close();
    for (var socket : sockets) socket.close();
  }

  private Socket connect() throws IOException {
    return connect(CLIENT);
  }

  private Socket connect(String client) throws IOException {
    var front = proxy.listen(new LinkProxy.Link(client, SERVER), ANY, behind);
    return kept(new Socket(front.getAddress(), front.getPort()));
  }

  private Socket accept() throws IOException {
    return kept(server.accept());
  }

  private Socket kept(Socket socket) {
    sockets.add(socket);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static String receive(Socket socket, int bytes) throws IOException {
    return new String(
        socket.getInputStream().readNBytes(bytes), java.nio.charset.StandardCharsets.US_ASCII);
  }

  private static void assertSilent(Socket socket) throws IOException {
    socket.setSoTimeout(SILENCE_MS);
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(0);
  }

  private void assertNobodyCame() throws IOException {
    server.setSoTimeout(SILENCE_MS);
    assertThatThrownBy(server::accept).isInstanceOf(SocketTimeoutException.class);
    server.setSoTimeout(0);
  }

  @Test
  void passesBothWays() throws IOException {
    var near = connect();
    var far = accept();
    send(near, "ping");
    assertThat(receive(far, 4)).isEqualTo("ping");
    send(far, "pong");
    assertThat(receive(near, 4)).isEqualTo("pong");
  }

  @Test
  void passesTheEndOfOneDirectionWhileTheOtherGoesOn() throws IOException {
    var near = connect();
    var far = accept();
    near.shutdownOutput();
    assertThat(far.getInputStream().read()).isEqualTo(-1);
    send(far, "last");
    far.close();
    assertThat(new String(near.getInputStream().readAllBytes())).isEqualTo("last");
  }

  @Test
  void holdsBothWaysWithoutClosingWhatIsCutAndLosesNothing() throws Exception {
    var near = connect();
    var far = accept();
    var sent = new byte[12_000_000]; // more than fits into the buffers behind the proxy
    new Random(1).nextBytes(sent);
    var sending =
        CompletableFuture.runAsync(
            () -> {
              try {
                near.getOutputStream().write(sent);
                near.shutdownOutput();
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    var got = new ByteArrayOutputStream();
    got.write(far.getInputStream().readNBytes(1_000_000));
    proxy.change(faults -> faults.cut(SERVER));
    send(far, "back");
    assertSilent(near);
    far.setSoTimeout(SILENCE_MS); // some has got through before the cut
    assertThatThrownBy(() -> far.getInputStream().transferTo(got))
        .isInstanceOf(SocketTimeoutException.class);
    far.setSoTimeout(0);
    assertThat(got.size()).isLessThan(sent.length);

    proxy.change(faults -> faults.heal(SERVER));
    far.getInputStream().transferTo(got);
    assertThat(got.toByteArray()).isEqualTo(sent);
    assertThat(receive(near, 4)).isEqualTo("back");
    sending.get(30, TimeUnit.SECONDS);
  }

  @Test
  void whoConnectsFromACutNodeMeetsSilenceUntilItIsHealed() throws IOException {
    proxy.change(faults -> faults.cut(CLIENT));
    var near = connect();
    send(near, "hello");
    assertNobodyCame();
    assertSilent(near);
    proxy.change(faults -> faults.heal(CLIENT));
    assertThat(receive(accept(), 5)).isEqualTo("hello");
  }

  @Test
  void nobodyHearsOfAnEndThatCameDuringTheCut() throws IOException {
    var near = connect();
    var far = accept();
    proxy.change(faults -> faults.cut(SERVER));
    near.close();
    assertSilent(far);
    proxy.change(faults -> faults.heal(SERVER));
    assertThat(far.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void othersReachANodeThatIsCutFromOneOnly() throws IOException {
    proxy.change(faults -> faults.cut(SERVER, CLIENT));
    connect();
    assertNobodyCame();
    var near = connect("edge-3");
    send(accept(), "hello");
    assertThat(receive(near, 5)).isEqualTo("hello");
  }

  @Test
  void aNodeThatIsNotThereIsToldAsABrokenConnection() throws IOException {
    server.close();
    var near = connect();
    assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketException.class);
  }

  @Test
  void passesNoMoreThanASlowLinkLets() throws IOException {
    var near = connect();
    var far = accept();
    int kbit = 1_000;
    proxy.change(faults -> faults.slow(SERVER, kbit));
    var bytes = LinkFaults.BURST + 40_000;
    long begun = System.nanoTime();
    near.getOutputStream().write(new byte[bytes]);
    assertThat(far.getInputStream().readNBytes(bytes)).hasSize(bytes);
    long millis = (System.nanoTime() - begun) / 1_000_000;
    assertThat(millis).isGreaterThanOrEqualTo(40_000L * 8 / kbit - 1);
  }
}
