package io.dayu.bench.abuse;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What strangers send to the API and to the management endpoint. */
final class HttpAttacks {
  private static final int SLOW = 1_100;
  private static final int EVENT_STREAMS = 300;

  /** Requests that a browser, a proxy or a client library would never make. */
  private static final List<String> BROKEN =
      List.of(
          "GET /api/v1/nodes HTTP/1.1\nHost: 127.0.0.1\n\n",
          "GET /api/v1/nodes HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n b\r\n\r\n",
          "GET /api/v1/nodes HTTP/1.1\r\nHost: evil.example\r\n\r\n",
          "GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
          "GET /api/v1/pipelines/%2e%2e%2f%2e%2e%2fprivate.ndjson HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
          "GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
          "POST /api/v1/pipelines HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n{",
          "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
          "GET / HTTP/9.9\r\n\r\n",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "\r\n\r\n\r\n");

  private HttpAttacks() {}

  static List<Attack> all() {
    return List.of(
        new Attack("slow-heads", "requests that never end", HttpAttacks::slow),
        new Attack("http-garbage", "broken and mutated requests", HttpAttacks::garbage),
        new Attack("token-guesses", "tokens, one after the other", HttpAttacks::guesses),
        new Attack("unread-events", "event streams that nobody reads", HttpAttacks::unread));
  }

  private static void slow(Attempt attempt) throws IOException, InterruptedException {
    hold(attempt, SLOW, "GET /api/v1/nodes HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
  }

  /** Of somebody who may read. */
  private static void unread(Attempt attempt) throws IOException, InterruptedException {
    hold(
        attempt,
        EVENT_STREAMS,
        "GET /api/v1/pipelines/files/results/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n"
            .formatted(attempt.victims().secrets().of("the token")));
  }

  /** The operator's own requests must be answered meanwhile. */
  private static void hold(Attempt attempt, int connections, String words)
      throws IOException, InterruptedException {
    var open = new ArrayList<Socket>();
    try {
      for (int i = 0; i < connections; i++) {
        try {
          var socket = attempt.connect(port(attempt));
          open.add(socket);
          attempt.send(socket.getOutputStream(), ascii(words));
        } catch (IOException refused) {
          attempt.sent();
        }
      }
      attempt.heard(attempt.victims().api().bytes("nodes"));
      attempt.hold();
    } finally {
      for (var socket : open) socket.close();
    }
  }

  private static void garbage(Attempt attempt) {
    var random = attempt.random();
    for (int i = 0; attempt.goesOn(); i++) {
      var bytes = ascii(BROKEN.get(i % BROKEN.size()));
      if (i >= BROKEN.size())
        for (int j = 0; j <= random.nextInt(6); j++)
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      say(attempt, i % 2 == 0 ? attempt.victims().management() : attempt.victims().http(), bytes);
    }
  }

  private static void guesses(Attempt attempt) {
    while (attempt.goesOn()) {
      var guess = Long.toHexString(attempt.random().nextLong());
      say(
          attempt,
          attempt.victims().http(),
          ascii(
              "GET /api/v1/nodes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                  .formatted(guess)));
    }
  }

  private static void say(Attempt attempt, InetSocketAddress to, byte[] bytes) {
    try {
      attempt.exchange(to, bytes);
    } catch (IOException closed) {
      attempt.sent();
    }
  }

  private static InetSocketAddress port(Attempt attempt) {
    return attempt.random().nextInt(5) == 0
        ? attempt.victims().management()
        : attempt.victims().http();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
