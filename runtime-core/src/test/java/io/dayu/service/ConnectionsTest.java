package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.service.Answers.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ConnectionsTest {
  private static final int LIMIT = 1 << 10;

  /** What a server does with a connection; it is closed after that. */
  private interface Script {
    void serve(InputStream in, OutputStream out) throws IOException;
  }

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Connections connections = new Connections(threads);
  private final List<AutoCloseable> open = new ArrayList<>();
  private final AtomicInteger accepted = new AtomicInteger();

  @AfterEach
  void close() throws Exception {
    connections.close();
    for (var each : open) each.close();
    threads.shutdownNow();
  }

  private URI server(Script script) throws IOException {
    var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open.add(server);
    threads.execute(
        () -> {
          try {
            while (true) {
              var socket = server.accept();
              open.add(socket);
              accepted.incrementAndGet();
              threads.execute(() -> serve(script, socket));
            }
          } catch (IOException closed) {
            // The test is over.
          }
        });
    return URI.create("http://127.0.0.1:" + server.getLocalPort() + "/work?a=b");
  }

  private static void serve(Script script, Socket socket) {
    try (socket) {
      script.serve(socket.getInputStream(), socket.getOutputStream());
    } catch (IOException gone) {
      // So is what the test looks at.
    }
  }

  /** A request's head; empty at the end of the connection. */
  private static String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    for (int c = in.read(); c >= 0; c = in.read()) {
      head.append((char) c);
      if (head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n")) break;
    }
    return head.toString();
  }

  private static int length(String head) {
    return head.lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
        .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
        .findFirst()
        .orElse(0);
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Answers every request with these bytes. */
  private static Script always(String answer) {
    return (in, out) -> {
      for (var head = head(in); !head.isEmpty(); head = head(in)) {
        in.skipNBytes(length(head));
        write(out, answer);
      }
    };
  }

  private Answer call(URI to, byte[] body, int limit) throws Exception {
    return connections
        .send(Request.post(to, body), status -> BoundedBody.whole(limit))
        .get(50, TimeUnit.SECONDS);
  }

  private String text(URI to) throws Exception {
    return new String(call(to, new byte[0], LIMIT).body(), StandardCharsets.UTF_8);
  }

  @Test
  void aRequestSaysWhatItHasToAndConnectionsAreKept() throws Exception {
    var heads = new ArrayList<String>();
    var to =
        server(
            (in, out) -> {
              for (var head = head(in); !head.isEmpty(); head = head(in)) {
                heads.add(head);
                var body = new String(in.readNBytes(length(head)), StandardCharsets.UTF_8);
                write(
                    out,
                    "HTTP/1.1 200 OK\r\nX-Got: %s\r\ncontent-length: 0\r\n\r\n".formatted(body));
              }
            });
    for (var body : List.of("one", "two")) {
      var answer =
          connections
              .send(
                  Request.post(to, body.getBytes(StandardCharsets.UTF_8)).header("ce-id", "7.1"),
                  status -> BoundedBody.whole(LIMIT))
              .get(50, TimeUnit.SECONDS);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.headers().firstValue("x-got")).hasValue(body);
    }
    assertThat(heads.get(0))
        .startsWith("POST /work?a=b HTTP/1.1\r\n")
        .contains("host: 127.0.0.1:" + to.getPort() + "\r\n")
        .contains("content-length: 3\r\n")
        .contains("ce-id: 7.1\r\n");
    assertThat(accepted).hasValue(1);
  }

  @Test
  void aHeaderCannotHoldAnother() {
    var request = Request.get(URI.create("http://127.0.0.1/"));
    assertThatThrownBy(() -> request.header("ce-subject", "a\r\nhost: elsewhere"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 200 OK~Content-Length: 5~~hello | true",
        "HTTP/1.1 200~content-length: 5~~hello | true",
        "HTTP/1.1 103 Early~link: a~~HTTP/1.1 200 OK~content-length: 5~~hello | true",
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~3;x=y~hel~2~lo~0~trailer: t~~ | true",
        "HTTP/1.1 200 OK~connection: close~content-length: 5~~hello | false",
        "HTTP/1.0 200 OK~content-length: 5~~hello | false",
        "HTTP/1.1 200 OK~content-length: 5~~hellowhat nobody asked for | false",
      })
  void anAnswerMayComeInSeveralForms(String answer, boolean kept) throws Exception {
    var to = server(always(answer.replace("~", "\r\n")));
    assertThat(text(to)).isEqualTo("hello");
    assertThat(text(to)).isEqualTo("hello");
    assertThat(accepted).hasValue(kept ? 1 : 2);
  }

  @Test
  void anAnswerWithoutLengthLastsUntilTheConnectionEnds() throws Exception {
    var to =
        server(
            (in, out) -> {
              head(in);
              write(out, "HTTP/1.1 200 OK\r\n\r\nhello");
            });
    assertThat(text(to)).isEqualTo("hello");
    assertThat(text(to)).isEqualTo("hello");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "220 smtp.example~ | no | HTTP/1.1: Invalid protocol version",
        "HTTP/2 200 OK~~ | no | HTTP/2",
        "HTTP/1.1 abc~ | no | HTTP/1.1: Status line",
        "HTTP/1.1 200 OK~no header~~ | no | Invalid header",
        "HTTP/1.1 200 OK~content-length : 5~~hello | no | Invalid header",
        "HTTP/1.1 200 OK~content-length: 5~content-length: 5~~hello | no | Multiple Content-Length",
        "HTTP/1.1 200 OK~content-length: 5~content-length: 6~~hello | no | Multiple Content-Length",
        "HTTP/1.1 200 OK~content-length: -5~~hello | no | Negative content length",
        "HTTP/1.1 200 OK~content-length: five~~hello | no | Invalid content length",
        "HTTP/1.1 200 OK~content-length: 5~transfer-encoding: chunked~~0~~ | no | both a content-length",
        "HTTP/1.1 200 OK~transfer-encoding: gzip~~hello | no | Unsupported transfer encoding",
        "HTTP/1.1 200 OK~transfer-encoding: gzip, chunked~~0~~ | no | Unsupported transfer encoding",
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~xyz~ | no | Bad chunk header",
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~-5~hello~0~~ | no | Negative chunk size",
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~5~hello!~ | no | Unexpected content at the end of chunk",
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~5~hel | end | Truncated chunk",
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~5~hello~ | end | Premature end of chunk",
        "HTTP/1.1 200 OK~content-length: 9~~hello | end | Premature end of Content-Length",
        "HTTP/1.1 200 OK~content-le | end | closed the connection",
        "HTTP/1.1 200 OK~content-type: text/plain~ | end | closed the connection",
        "HTTP/1.1 200 OK~content-length: 1073741824~~ | no | longer than max-answer",
      })
  void whatIsNoAnswerIsSaid(String answer, String end, String told) throws Exception {
    var to =
        server(
            (in, out) -> {
              head(in);
              write(out, answer.replace("~", "\r\n"));
              if (!end.equals("end")) head(in); // until the caller closes
            });
    assertThatThrownBy(() -> text(to))
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining(told);
  }

  /** The length of a chunk is no promise: what counts is what comes. */
  @Test
  void chunksBeyondTheLimitAreNotRead() throws Exception {
    var to =
        server(
            (in, out) -> {
              head(in);
              write(out, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffff\r\n");
              write(out, "x".repeat(LIMIT + 1));
              head(in); // until the caller closes
            });
    assertThatThrownBy(() -> text(to)).hasMessageContaining("longer than max-answer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\r\na: ", "x"})
  void aHeadWithoutEndIsCutOff(String between) throws Exception {
    var closed = new CompletableFuture<Void>();
    var to =
        server(
            (in, out) -> {
              head(in);
              write(out, "HTTP/1.1 200 OK\r\na: ");
              try {
                while (true) write(out, "x".repeat(1000) + between);
              } catch (IOException e) {
                closed.complete(null);
              }
            });
    assertThatThrownBy(() -> text(to)).hasMessageContaining("exceeded");
    closed.get(50, TimeUnit.SECONDS);
  }

  @Test
  void ofAnErrorTheBeginningIsEnough() throws Exception {
    var to =
        server(always("HTTP/1.1 500 No\r\ncontent-length: 100000\r\n\r\n" + "x".repeat(100_000)));
    var answer =
        connections
            .send(Request.get(to), status -> BoundedBody.beginning())
            .get(50, TimeUnit.SECONDS);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).hasSize(64 << 10);
  }

  /** A service that sends while it reads waits for the caller to read. */
  @Test
  void anAnswerThatBeginsBeforeTheRequestHasEndedIsRead() throws Exception {
    var body = new byte[24 << 20];
    new Random(1).nextBytes(body);
    var to =
        server(
            (in, out) -> {
              for (var head = head(in); !head.isEmpty(); head = head(in)) {
                write(out, "HTTP/1.1 200 OK\r\ncontent-length: %s\r\n\r\n".formatted(length(head)));
                var part = new byte[4 << 10];
                for (int left = length(head); left > 0; ) {
                  int read = in.read(part, 0, Math.min(part.length, left));
                  out.write(part, 0, read);
                  left -= read;
                }
              }
            });
    assertThat(call(to, body, body.length).body()).isEqualTo(body);
    assertThat(call(to, body, body.length).body()).isEqualTo(body);
    assertThat(accepted).hasValue(1);
  }

  @Test
  void aRefusalOfWhatIsTooLongIsHeardBeforeAllIsSent() throws Exception {
    var to =
        server(
            (in, out) -> {
              head(in);
              write(out, "HTTP/1.1 413 Too long\r\ncontent-length: 3\r\n\r\nno!");
              in.transferTo(new ByteArrayOutputStream());
            });
    var answer = call(to, new byte[64 << 20], LIMIT);
    assertThat(answer.status()).isEqualTo(413);
    assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo("no!");
    // What is left of the request would be taken for the next one.
    call(to, new byte[1], LIMIT);
    assertThat(accepted).hasValue(2);
  }

  @Test
  void aConnectionThatEndsWhileItRestsCostsNoCall() throws Exception {
    var answered = new CompletableFuture<Socket>();
    var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open.add(server);
    threads.execute(
        () -> {
          try {
            for (int i = 0; i < 2; i++) {
              var socket = server.accept();
              open.add(socket);
              head(socket.getInputStream());
              write(socket.getOutputStream(), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n" + i);
              answered.complete(socket);
            }
          } catch (IOException closed) {
            // The test is over.
          }
        });
    var to = URI.create("http://127.0.0.1:" + server.getLocalPort());
    assertThat(text(to)).isEqualTo("0");
    answered.get(50, TimeUnit.SECONDS).close();
    assertThat(text(to)).isEqualTo("1");
  }

  @Test
  void toCancelACallClosesItsConnection() throws Exception {
    var called = new CountDownLatch(1);
    var left = new CountDownLatch(1);
    var to =
        server(
            (in, out) -> {
              head(in);
              called.countDown();
              head(in);
              left.countDown();
            });
    var call = connections.send(Request.get(to), status -> BoundedBody.whole(LIMIT));
    assertThat(called.await(50, TimeUnit.SECONDS)).isTrue();
    call.cancel(true);
    assertThat(left.await(50, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whereNobodyListensACallIsNotTaken() throws Exception {
    var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    server.close();
    var to = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/");
    assertThatThrownBy(() -> text(to))
        .hasCauseInstanceOf(Connection.Unreached.class)
        .hasMessageContaining("nobody listens there");
    assertThatThrownBy(() -> text(URI.create("http://nowhere.invalid/")))
        .hasCauseInstanceOf(Connection.Unreached.class)
        .hasMessageContaining("nowhere.invalid");
  }

  /** The second call is made by whoever hears of the first one. */
  @Test
  void callsInARowShareAThread() throws Exception {
    var to = server(always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    var first = new CompletableFuture<Thread>();
    var second = new CompletableFuture<Thread>();
    var unused =
        connections
            .send(Request.get(to), status -> BoundedBody.whole(LIMIT))
            .thenCompose(
                answer -> {
                  first.complete(Thread.currentThread());
                  return connections.send(Request.get(to), status -> BoundedBody.whole(LIMIT));
                })
            .thenAccept(answer -> second.complete(Thread.currentThread()));
    assertThat(second.get(50, TimeUnit.SECONDS)).isSameAs(first.get(50, TimeUnit.SECONDS));
  }
}
