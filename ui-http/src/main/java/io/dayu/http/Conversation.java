package io.dayu.http;

import io.dayu.http.RequestFraming.Phase;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one connection between the network and the HTTP layer. Ends it when the caller takes
 * longer than allowed: for the head of a request, for its body, between requests, or to take what
 * is sent. When the server stops it takes no further request, and ends when the ones under way are
 * answered.
 */
final class Conversation
    extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {
  /**
   * How long each may take.
   *
   * @param head from its first byte, the first one from the connection on
   * @param body from the end of its head
   * @param idle between requests, and to take something of what is sent
   */
  record Limits(Duration head, Duration body, Duration idle) {
    private Duration tick() {
      var shortest = head.compareTo(idle) < 0 ? head : idle;
      var tick = (shortest.compareTo(body) < 0 ? shortest : body).dividedBy(5);
      return tick.compareTo(Duration.ofSeconds(1)) > 0 ? Duration.ofSeconds(1) : tick;
    }
  }

  private record Refusal(int head, Problem problem) {}

  private final Inlet<ByteString> answers = Inlet.create("answers");
  private final Outlet<ByteString> toCaller = Outlet.create("to-caller");
  private final Inlet<ByteString> fromCaller = Inlet.create("from-caller");
  private final Outlet<ByteString> requests = Outlet.create("requests");
  private final Callers.Caller caller;
  private final Limits limits;
  private volatile @Nullable Refusal refusal;
  private volatile @Nullable AsyncCallback<Object> stopped; // null until the connection runs

  /** For one connection. */
  Conversation(Callers.Caller caller, Limits limits) {
    this.caller = caller;
    this.limits = limits;
  }

  /** Takes no further request. Safe for any thread. */
  void stop() {
    var now = stopped;
    if (now != null) now.invoke(true);
  }

  /** Why the {@code nth} request of this connection, from 1 on, is refused unseen. */
  @Nullable Problem refusal(int nth) {
    var now = refusal;
    return now != null && now.head() == nth ? now.problem() : null;
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return new BidiShape<>(answers, toCaller, fromCaller, requests);
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final RequestFraming framing = new RequestFraming();
    private Phase phase = Phase.IN_HEAD; // the first head is waited for from now on
    private long since = System.nanoTime();
    private long sentAt; // 0 if all that was sent is taken
    private boolean stopping;

    Logic() {
      super(Conversation.this.shape());
      setHandler(
          fromCaller,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              came(grab(fromCaller));
            }

            @Override
            public void onUpstreamFinish() {
              if (!framing.hasMore()) complete(requests);
            }
          });
      setHandler(
          requests,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              if (stopping && phase != Phase.IN_BODY) complete(requests);
              else if (framing.hasMore()) came(ByteString.emptyByteString());
              else if (isClosed(fromCaller)) complete(requests);
              else if (!hasBeenPulled(fromCaller)) pull(fromCaller);
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              if (!isClosed(fromCaller)) cancel(fromCaller); // with a cause, TCP drops the answer
            }
          });
      setHandler(
          answers,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              sentAt = System.nanoTime();
              push(toCaller, grab(answers));
            }
          });
      setHandler(
          toCaller,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              sentAt = 0;
              pull(answers);
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              cancelStage(cause);
            }
          });
    }

    @Override
    public void preStart() {
      scheduleWithFixedDelay("tick", limits.tick(), limits.tick());
      stopped = createAsyncCallback(any -> noMore());
    }

    private void came(ByteString bytes) {
      int before = framing.heads();
      hand(framing.pass(bytes), before);
    }

    private void hand(ByteString bytes, int before) {
      var problem = framing.refusal();
      if (problem != null) refusal = new Refusal(framing.heads(), problem);
      caller.asked(framing.heads() - before);
      if (framing.broken()) {
        fail(requests, new IllegalStateException("a chunk of the body is not well-formed"));
        return;
      }
      var now = framing.phase();
      if (now != phase || framing.heads() != before) since = System.nanoTime();
      phase = now;
      if (bytes.nonEmpty()) push(requests, bytes);
      else if (stopping && phase != Phase.IN_BODY) complete(requests);
      else if (!isClosed(fromCaller)) pull(fromCaller);
    }

    private void noMore() {
      stopping = true;
      if (phase != Phase.IN_BODY && !isClosed(requests)) complete(requests);
    }

    @Override
    public void onTimer(Object key) {
      var now = System.nanoTime();
      // Whoever takes nothing would not take the rest either, which a plain close waits for.
      if (sentAt != 0 && now - sentAt > limits.idle().toNanos())
        failStage(new TimeoutException("the caller takes nothing of what is sent"));
      else if (framing.refusal() != null) {
        if (now - since > limits.body().toNanos()) completeStage();
      } else
        switch (phase) {
          case IN_HEAD -> {
            if (now - since > limits.head().toNanos()) late();
          }
          case IN_BODY -> {
            if (now - since > limits.body().toNanos()) completeStage();
          }
          case BETWEEN_REQUESTS -> {
            if (!caller.waiting()) since = now;
            else if (now - since > limits.idle().toNanos()) completeStage();
          }
        }
    }

    private void late() {
      if (framing.phase() == Phase.BETWEEN_REQUESTS || !isAvailable(requests)) {
        completeStage();
        return;
      }
      int before = framing.heads();
      hand(
          framing.refuse(
              Problem.of(
                  408,
                  "the head of the request did not come in time",
                  "send it faster, or see dayu.http.head-timeout")),
          before);
    }
  }
}
