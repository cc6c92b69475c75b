package io.dayu.service;

import io.dayu.service.Answers.Answer;
import io.dayu.stage.Causes;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpMessage;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.MessageSupport;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.io.ModalCloseable;
import org.jspecify.annotations.Nullable;

/**
 * One connection over HTTP/1.1, for one call after the other. Blocks; {@link #close} from another
 * thread ends what waits. What is read is bounded: heads by the configuration, bodies by the
 * caller.
 */
final class Connection implements ModalCloseable {
  private static final int CONNECT_MILLIS = 2_000;

  private static final Http1Config CONFIG =
      Http1Config.custom()
          .setBufferSize(16 << 10)
          .setMaxLineLength(16 << 10)
          .setMaxHeaderCount(100)
          .build();

  /**
   * So much fits into the buffers of any connection. A longer body has a thread of its own, because
   * a service may begin to answer before it has read all, and then waits for us to read.
   */
  private static final int FITS = 64 << 10;

  /** What was only announced takes no memory beyond this. */
  private static final int BELIEVED = 1 << 20;

  /** How long the rest of a request may take once the answer is there. */
  private static final long UNREAD_MILLIS = 100;

  /** Nobody has taken the call. */
  static final class Unreached extends ConnectException {
    private static final long serialVersionUID = 1;

    Unreached(String message, IOException cause) {
      super(message);
      initCause(cause);
    }
  }

  /** The library takes a head that the end of the connection cuts off for a whole one. */
  private final class Heads extends DefaultHttpResponseParser {
    Heads() {
      super(CONFIG);
    }

    @Override
    public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream from)
        throws IOException, HttpException {
      input = buffer;
      return super.parse(
          buffer,
          new FilterInputStream(from) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
              int read = super.read(into, offset, length);
              if (read < 0) throw new EOFException("it has closed the connection");
              return read;
            }
          });
    }
  }

  private final Executor writers;
  private final SocketChannel channel;

  // Of the thread that makes a call; the other one only writes, which shares nothing with reading.
  private final DefaultBHttpClientConnection http;
  private @Nullable SessionInputBuffer input;
  private boolean reusable;

  /** A connection that is not open yet. */
  Connection(Executor writers) throws IOException {
    this.writers = writers;
    this.channel = SocketChannel.open();
    this.http =
        new DefaultBHttpClientConnection(
            CONFIG, null, null, Connection::length, null, null, config -> new Heads());
  }

  /**
   * Opens it; once.
   *
   * @param tls empty for a connection in clear
   * @throws Unreached if there is nobody, or nobody who is trusted
   */
  void open(URI to, Optional<Tls> tls) throws IOException {
    int port = to.getPort() >= 0 ? to.getPort() : tls.isPresent() ? 443 : 80;
    var socket = channel.socket();
    try {
      var address = new InetSocketAddress(to.getHost(), port);
      if (address.isUnresolved()) throw new UnknownHostException(to.getHost());
      socket.setTcpNoDelay(true);
      socket.connect(address, CONNECT_MILLIS);
    } catch (SocketTimeoutException e) {
      throw new Unreached("it takes no connection", e);
    } catch (IOException e) {
      var words = Causes.words(e);
      throw new Unreached(words.contains("refused") ? "nobody listens there" : words, e);
    }
    if (tls.isEmpty()) {
      http.bind(socket);
      return;
    }
    try {
      var secure = encrypted(socket, tls.get().sockets(), to.getHost(), port);
      http.bind(secure, socket);
    } catch (SocketTimeoutException e) {
      throw new Unreached("it takes the connection and says nothing", e);
    } catch (IOException e) {
      throw new Unreached(Tls.problem(e, to.getHost()).orElseGet(() -> Causes.words(e)), e);
    }
  }

  private static SSLSocket encrypted(Socket socket, SSLSocketFactory sockets, String host, int port)
      throws IOException {
    socket.setSoTimeout(CONNECT_MILLIS);
    var secure = (SSLSocket) sockets.createSocket(socket, host, port, true);
    var parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    socket.setSoTimeout(0);
    return secure;
  }

  boolean isOpened() {
    return http.isOpen();
  }

  /** Whether it can take another call. */
  boolean isReusable() {
    return reusable && channel.isOpen();
  }

  /**
   * Whether nothing has come since the last answer, neither bytes nor the end. The library would
   * wait a millisecond to find out.
   */
  boolean isQuiet() {
    try {
      channel.configureBlocking(false);
      int read = channel.read(ByteBuffer.allocate(1));
      channel.configureBlocking(true);
      return read == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Makes a call.
   *
   * @param bound of a body, by status
   * @throws IOException if it breaks off, or the answer is no HTTP or too long
   */
  Answer call(Request request, IntFunction<BoundedBody> bound) throws IOException {
    reusable = false; // until all has been read and written
    try {
      if (request.length() <= FITS) {
        write(request);
        return answer(request, bound);
      }
      var writing = CompletableFuture.supplyAsync(() -> isWritten(request), writers);
      var answer = answer(request, bound);
      reusable = reusable && isWritten(writing);
      return answer;
    } catch (HttpException e) {
      throw new IOException("its answer is not HTTP/1.1: " + e.getMessage(), e);
    }
  }

  private void write(Request request) throws IOException, HttpException {
    http.sendRequestHeader(request.message());
    http.sendRequestEntity(request.message());
    http.flush();
  }

  private boolean isWritten(Request request) {
    try {
      write(request);
      return true;
    } catch (IOException | HttpException e) {
      return false; // who reads hears more of it, be it an answer
    }
  }

  /** A service that answers has read all, as a rule; else the rest of the request is in the way. */
  private static boolean isWritten(CompletableFuture<Boolean> writing) throws IOException {
    try {
      return writing.get(UNREAD_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException unread) {
      return false;
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the node ends");
    }
  }

  private Answer answer(Request request, IntFunction<BoundedBody> bound)
      throws IOException, HttpException {
    ClassicHttpResponse response;
    do response = http.receiveResponseHeader();
    while (response.getCode() < HttpStatus.SC_SUCCESS
        && response.getCode() != HttpStatus.SC_SWITCHING_PROTOCOLS);
    int status = response.getCode();
    http.receiveResponseEntity(response);
    boolean hasBody = MessageSupport.canResponseHaveBody(request.message().getMethod(), response);
    var context = HttpCoreContext.create();
    reusable =
        status >= HttpStatus.SC_SUCCESS
            && DefaultConnectionReuseStrategy.INSTANCE.keepAlive(
                request.message(), response, context);
    var body = hasBody ? body(response.getEntity(), bound.apply(status)) : new byte[0];
    // More than one answer: the next call's must be its own.
    if (input != null && input.length() > 0) reusable = false;
    var headers = new TreeMap<String, List<String>>(String.CASE_INSENSITIVE_ORDER);
    for (var header : response.getHeaders())
      headers.computeIfAbsent(header.getName(), n -> new ArrayList<>()).add(header.getValue());
    return new Answer(status, HttpHeaders.of(headers, (name, value) -> true), body);
  }

  /** The library believes the chunks where both lengths are given. */
  private static long length(HttpMessage answer) throws HttpException {
    if (answer.containsHeader("transfer-encoding") && answer.containsHeader("content-length"))
      throw new ProtocolException("both a content-length and a transfer-encoding");
    return DefaultContentLengthStrategy.INSTANCE.determineLength(answer);
  }

  private byte[] body(HttpEntity entity, BoundedBody bound) throws IOException {
    int limit = bound.limit();
    long announced = entity.getContentLength(); // negative if it is not
    if (announced > limit) {
      if (bound.whole()) throw new BoundedBody.TooLong(limit);
      reusable = false;
    }
    var from = entity.getContent();
    if (announced >= 0) {
      int length = (int) Math.min(announced, limit);
      if (length > BELIEVED) return from.readNBytes(length);
      var body = new byte[length];
      from.readNBytes(body, 0, length);
      return body;
    }
    var body = from.readNBytes(limit);
    if (limit == 0) reusable = false;
    else if (from.read() >= 0) {
      if (bound.whole()) throw new BoundedBody.TooLong(limit);
      reusable = false;
    }
    return body;
  }

  /** Ends a call that is under way; from any thread. */
  @Override
  public void close() {
    try {
      channel.close(); // not through TLS, which would wait for who writes
    } catch (IOException gone) {
      // Then it is closed.
    }
  }

  @Override
  public void close(CloseMode mode) {
    close();
  }
}
