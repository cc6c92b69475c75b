package io.dayu.link;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Encrypts what is sent and decrypts what comes, all that is at hand at once. The stock stage is an
 * actor that takes one record of 16 KiB after the other: a link was three times as slow over it for
 * 64 KiB elements, and ten times for small ones. Chunks that come are decrypted where they are:
 * nobody else may have them.
 *
 * <p>Whoever refuses the peer tells it why, as far as TLS can, and waits for it to close the
 * connection; somebody outside has to end one that does not.
 */
final class TlsStage extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {
  /** What a record adds to its bytes, generously. */
  private static final int OVERHEAD = 256;

  private static final int RECORD = 16 << 10;

  /** Of a record; its last two bytes tell how many follow it. */
  private static final int HEADER = 5;

  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);
  private static final ByteBuffer[] NOTHING = {EMPTY};

  private final Supplier<SSLEngine> engines;
  private final Consumer<SSLSession> verify;
  private final Duration patience;
  private final Inlet<ByteString> plainIn = Inlet.create("Tls.plainIn");
  private final Outlet<ByteString> netOut = Outlet.create("Tls.netOut");
  private final Inlet<ByteString> netIn = Inlet.create("Tls.netIn");
  private final Outlet<ByteString> plainOut = Outlet.create("Tls.plainOut");

  /**
   * @param verify is told of the session before anything that came by it is given out; what it
   *     throws ends the connection
   * @param patience the time for both sides to agree
   */
  TlsStage(Supplier<SSLEngine> engines, Consumer<SSLSession> verify, Duration patience) {
    this.engines = engines;
    this.verify = verify;
    this.patience = patience;
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return new BidiShape<>(plainIn, netOut, netIn, plainOut);
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final SSLEngine engine = engines.get();
    private ByteBuffer received = EMPTY; // from position to limit: not decrypted
    private ByteBuffer behind = EMPTY; // of what came last, what is behind received
    private ByteString toNet = ByteString.emptyByteString();
    private ByteString toReader = ByteString.emptyByteString();
    private boolean agreed;
    private boolean refused; // the peer is told, and nothing more is taken from it
    private boolean closing; // nothing more is sent after what waits

    private Logic() {
      super(shape());
      setHandler(
          plainIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              attempt(() -> encrypt(grab(plainIn)));
            }

            @Override
            public void onUpstreamFinish() {
              if (!agreed) {
                completeStage();
                return;
              }
              closing = true;
              engine.closeOutbound();
              attempt(() -> {});
            }
          });
      setHandler(
          netIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              var chunk = grab(netIn);
              if (!refused) take(chunk);
              attempt(() -> {});
            }

            @Override
            public void onUpstreamFinish() {
              // Whether the peer has said goodbye does not matter: frames tell their own length.
              if (toReader.isEmpty() || refused) completeStage();
              else emit(plainOut, toReader, Logic.this::completeStage);
            }
          });
      setHandler(
          netOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              attempt(() -> {});
            }
          });
      setHandler(
          plainOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              attempt(() -> {});
            }
          });
    }

    @Override
    public void preStart() {
      scheduleOnce("agreement", patience);
      attempt(engine::beginHandshake);
    }

    @Override
    public void onTimer(Object key) {
      if (!agreed && !refused)
        failStage(
            new LinkException(
                "no agreement on encryption within %s ms".formatted(patience.toMillis())));
    }

    @FunctionalInterface
    private interface Work {
      void run() throws SSLException;
    }

    /** Does the work, then all that has become possible. */
    private void attempt(Work work) {
      try {
        if (!refused) {
          work.run();
          proceed();
        }
      } catch (SSLException e) {
        refuse(e);
      } catch (RuntimeException e) { // the session is not accepted
        failStage(e);
        return;
      }
      handOver();
    }

    private void proceed() throws SSLException {
      boolean more = true;
      while (more) {
        more =
            switch (engine.getHandshakeStatus()) {
              case NEED_TASK -> runTasks();
              case NEED_WRAP -> encrypt(NOTHING, 0);
              case NEED_UNWRAP, NEED_UNWRAP_AGAIN, NOT_HANDSHAKING, FINISHED -> decrypt();
            };
      }
    }

    private boolean runTasks() {
      for (var task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask())
        task.run();
      return true;
    }

    private void encrypt(ByteString bytes) throws SSLException {
      var buffers = new ArrayList<ByteBuffer>();
      bytes.getByteBuffers().forEach(buffers::add);
      var unused = encrypt(buffers.toArray(ByteBuffer[]::new), bytes.size());
    }

    /** All of {@code from}, or one record of the engine's own. Returns whether there was one. */
    private boolean encrypt(ByteBuffer[] from, int size) throws SSLException {
      int room = size + (size / RECORD + 1) * OVERHEAD + engine.getSession().getPacketBufferSize();
      var to = ByteBuffer.allocate(room);
      int left = size;
      do {
        var result = engine.wrap(from, to);
        look(result);
        left -= result.bytesConsumed();
        if (result.getStatus() == Status.CLOSED) break;
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
          send(to);
          to = ByteBuffer.allocate(room);
        } else if (result.bytesConsumed() == 0 && result.bytesProduced() == 0) {
          break;
        }
      } while (left > 0);
      boolean some = to.position() > 0;
      send(to);
      return some;
    }

    private void send(ByteBuffer written) {
      if (written.position() > 0)
        toNet =
            toNet.concat(
                ByteString.fromArrayUnsafe(
                    written.array(), written.arrayOffset(), written.position()));
    }

    private void take(ByteString chunk) {
      behind = ByteBuffer.wrap(chunk.toArrayUnsafe());
    }

    /**
     * Completes the record that has begun, or gets the next ones. Returns whether more has come.
     */
    private boolean more() {
      if (!behind.hasRemaining()) return false;
      if (!received.hasRemaining()) {
        received = behind;
        behind = EMPTY;
        return true;
      }
      int begun = received.remaining();
      int whole = length(received);
      if (whole <= begun) whole = 2 * begun; // no record that has a header of this kind
      var part = behind.slice(behind.position(), Math.min(whole - begun, behind.remaining()));
      behind.position(behind.position() + part.remaining());
      received = ByteBuffer.allocate(begun + part.remaining()).put(received).put(part).flip();
      return true;
    }

    /** As far as it is known. */
    private static int length(ByteBuffer record) {
      if (record.remaining() < HEADER) return HEADER;
      int behindHeader = record.getShort(record.position() + HEADER - Short.BYTES) & 0xffff;
      return HEADER + behindHeader;
    }

    /** All whole records. Returns whether the engine wants something before it goes on. */
    private boolean decrypt() throws SSLException {
      int room = received.remaining() + behind.remaining();
      if (room == 0) return false;
      // Bytes are never more than their records; only before both sides agree the engine wants
      // more.
      if (!agreed) room += engine.getSession().getApplicationBufferSize();
      var to = ByteBuffer.allocate(room);
      boolean wants = false;
      while (received.hasRemaining() || more()) {
        // The engine wants room for the whole of a record that has only begun.
        if (agreed && received.remaining() < length(received)) {
          if (more()) continue;
          break;
        }
        var result = engine.unwrap(received, to);
        look(result);
        if (result.getStatus() == Status.BUFFER_UNDERFLOW && more()) continue;
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
          if (to.position() == 0) throw new SSLException("a record larger than it says");
          wants = true;
          break;
        }
        if (result.getStatus() != Status.OK) break;
        var wanted = result.getHandshakeStatus();
        if (wanted == HandshakeStatus.NEED_TASK || wanted == HandshakeStatus.NEED_WRAP) {
          wants = true;
          break;
        }
        if (result.bytesConsumed() == 0) break;
      }
      keepLittle();
      if (to.position() > 0)
        toReader = toReader.concat(ByteString.fromArrayUnsafe(to.array(), 0, to.position()));
      return wants;
    }

    /** The beginning of a record does not hold the chunk that it came with. */
    private void keepLittle() {
      if (behind.hasRemaining() || received.array().length == received.remaining()) return;
      received =
          received.hasRemaining()
              ? ByteBuffer.allocate(received.remaining()).put(received).flip()
              : EMPTY;
    }

    private void look(SSLEngineResult result) {
      if (result.getHandshakeStatus() != HandshakeStatus.FINISHED || agreed) return;
      verify.accept(engine.getSession());
      agreed = true;
    }

    /** Tells the peer by an alert. */
    private void refuse(SSLException why) {
      refused = true;
      fail(plainOut, why);
      if (!isClosed(plainIn)) cancel(plainIn);
      try {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && encrypt(NOTHING, 0)) {}
      } catch (SSLException none) {
        completeStage();
      }
    }

    private void handOver() {
      if (!toNet.isEmpty() && isAvailable(netOut)) {
        push(netOut, toNet);
        toNet = ByteString.emptyByteString();
      }
      if (!refused && !toReader.isEmpty() && isAvailable(plainOut)) {
        push(plainOut, toReader);
        toReader = ByteString.emptyByteString();
      }
      if (closing && toNet.isEmpty() && !isClosed(netOut)) complete(netOut);
      if (agreed
          && !refused
          && toNet.isEmpty()
          && isAvailable(netOut)
          && !isClosed(plainIn)
          && !hasBeenPulled(plainIn)) pull(plainIn);
      boolean wanted = !agreed || refused || toReader.isEmpty() && isAvailable(plainOut);
      if (wanted && !isClosed(netIn) && !hasBeenPulled(netIn)) pull(netIn);
    }
  }
}
