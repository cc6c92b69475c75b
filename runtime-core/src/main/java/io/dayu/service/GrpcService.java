package io.dayu.service;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.facts.SideFactsProto;
import io.dayu.service.wire.Calls;
import io.dayu.service.wire.DescribeRequest;
import io.dayu.service.wire.Description;
import io.dayu.service.wire.Replies;
import io.dayu.service.wire.Reply;
import io.dayu.service.wire.Side;
import io.dayu.stage.Causes;
import io.dayu.stage.Outcome;
import io.dayu.stage.SideInput;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A service over gRPC: one stream for all elements of the node.
 *
 * <p>The service grants credit for calls, and nothing is sent beyond it, nor beyond what its
 * description says it works on at once. What waits goes together in one message. Answers may come
 * in any order.
 *
 * <p>When a stream breaks off, any of the elements that were at the service may be what it broke
 * off at. A single one has had its try. Several go back to the head of the queue, cost no try, and
 * are sent one by one through the next stream: the one that breaks it off again is then known, and
 * does not take hundreds of others with it.
 *
 * <p>All of gRPC runs on one thread of its own, which sends, receives and reads. Safe for any
 * thread.
 */
final class GrpcService extends Service<GrpcCall> {
  /** How much of answers may be on the way while this node is busy with earlier ones. */
  private static final int WINDOW = 4 << 20;

  private static final int CONNECT_TIMEOUT_MILLIS = 2_000;
  private static final long MOST_CREDIT = 1 << 20;

  /** Messages, and answers to nothing that was asked, before a service is taken for mad. */
  private static final int MOST_EXCESS = 10_000;

  /** A connection and its stream. What changes is guarded by the service. */
  private final class Link extends ClientCall.Listener<Replies> {
    final ManagedChannel channel;
    final ClientCall<Calls, Replies> call; // only the loop sends
    final Map<Long, GrpcCall> open = new LinkedHashMap<>(); // bounded by the description
    final Set<String> given = new LinkedHashSet<>(); // digests of side inputs
    long credit;
    long lastId;
    long heardNanos;
    boolean heard;
    int excess;

    Link(ManagedChannel channel) {
      this.channel = channel;
      this.call = channel.newCall(StageMethods.WORK, CallOptions.DEFAULT);
    }

    @Override
    public void onReady() {
      sendNow();
    }

    @Override
    public void onMessage(Replies message) {
      received(this, message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      broken(this, words(status), status.getCode() == Status.Code.RESOURCE_EXHAUSTED);
    }
  }

  /**
   * Writes to the standard error of the node, and of every late message; kept, so that its level
   * is.
   */
  private static final java.util.logging.Logger GRPC =
      java.util.logging.Logger.getLogger("io.grpc");

  static {
    GRPC.setLevel(java.util.logging.Level.WARNING);
  }

  private final EventLoopGroup loop;
  private final Optional<Path> socket;

  // Guarded by this.
  private @Nullable ManagedChannel asked; // of the last look, until its stream is opened
  private @Nullable Link link;
  private boolean pumping;

  /**
   * @param socket where a program may listen, in place of the port that it is given
   * @param timer runs short tasks only
   */
  GrpcService(
      ServiceDeclaration declaration, Optional<Path> socket, ScheduledExecutorService timer) {
    super(declaration, timer);
    this.socket = socket;
    loop = new NioEventLoopGroup(1, new DefaultThreadFactory("service-" + name(), true));
  }

  @Override
  GrpcCall prepare(
      Element element, ServiceCall.Stage stage, ServiceDescription description, long deadlineNanos)
      throws ServiceCall.Refused {
    return GrpcCall.of(element, stage, description, deadlineNanos);
  }

  // Sending

  @Override
  void send() {
    synchronized (this) {
      if (pumping || link == null) return;
      pumping = true;
    }
    onLoop(this::sendNow);
  }

  /** False where the service is closed. */
  @CanIgnoreReturnValue
  private boolean onLoop(Runnable task) {
    try {
      loop.execute(task);
      return true;
    } catch (RejectedExecutionException closed) {
      return false;
    }
  }

  /** On the loop. */
  private void sendNow() {
    while (true) {
      Link to;
      var calls = Calls.newBuilder();
      synchronized (this) {
        pumping = false;
        to = link;
        if (to == null || open() == null || !to.call.isReady()) return;
        take(to, calls);
        if (calls.getCallCount() == 0) return;
      }
      to.call.sendMessage(calls.build());
    }
  }

  /** What waits, as far as the service takes it and it may go in one message; holds this. */
  private void take(Link to, Calls.Builder calls) {
    int most = known().descriptor().parallelism();
    long now = System.nanoTime();
    int bytes = 0;
    while (!waiting.isEmpty() && to.credit > 0 && to.open.size() < most) {
      var next = waiting.peek();
      // Suspects stand before all others, and each is sent alone.
      if (!to.open.isEmpty() && (next.suspect || to.open.values().iterator().next().suspect))
        return;
      bytes += next.size();
      if (calls.getCallCount() > 0 && bytes > MAX_BATCH_BYTES) return;
      next.sentNanos = now;
      to.credit--;
      to.open.put(++to.lastId, waiting.remove());
      for (var side : next.sides().values()) give(to, side, calls);
      calls.addCall(next.message(to.lastId, now));
    }
  }

  /** Once through each stream; another stream may lead to a service that has begun anew. */
  private static void give(Link to, SideInput side, Calls.Builder calls) {
    if (!to.given.add(side.digest())) return;
    if (to.given.size() > SideGifts.KEPT) to.given.remove(to.given.iterator().next());
    calls.addSide(
        Side.newBuilder().setSha256(SideFactsProto.bytes(side.digest())).setJson(side.json()));
  }

  // Receiving

  /** On the loop. */
  private void received(Link from, Replies message) {
    var answered = new LinkedHashMap<GrpcCall, Reply>();
    boolean mad;
    synchronized (this) {
      if (link != from) return;
      from.heardNanos = System.nanoTime();
      if (!from.heard) watch.works();
      from.heard = true;
      from.credit = Math.min(MOST_CREDIT, from.credit + Math.max(0, message.getCredit()));
      for (var reply : message.getReplyList()) {
        var call = from.open.remove(reply.getId());
        // It came late or twice, or was never asked for.
        if (call == null) from.excess++;
        else answered.put(call, reply);
      }
      if (!answered.isEmpty()) watch.answered();
      from.excess = Math.max(0, from.excess + 1 - 2 * answered.size());
      mad = from.excess > MOST_EXCESS;
    }
    answered.forEach((call, reply) -> tell(call, outcome(reply, call)));
    if (mad) broken(from, "it sends answers that nobody has asked for", false);
    else {
      from.call.request(1);
      if (!passedOn()) sendNow();
    }
  }

  private CallEnd outcome(Reply reply, GrpcCall call) {
    return switch (reply.getOutcomeCase()) {
      case OUTPUT ->
          reply.getOutput().getKindCase() == Media.KindCase.KIND_NOT_SET
              ? CallEnd.unreadable("the service's answer is an empty Media", true)
              : Answers.output(reply.getOutput(), known().descriptor());
      case BODY ->
          Answers.outcome(
              reply.getBody().getContentType(),
              reply.getBody().getContent().toByteArray(),
              known().descriptor(),
              call.element());
      case SKIP ->
          CallEnd.answered(new Outcome.Skip(or(reply.getSkip(), "skipped by the service")));
      case FAILED -> {
        var failed = reply.getFailed();
        var reason = or(failed.getReason(), "the service gives no reason");
        if (failed.getRetryAfterMs() > 0)
          synchronized (this) {
            watch.hold(
                Duration.ofMillis(
                    Math.min(failed.getRetryAfterMs(), Watch.LONGEST_WAIT.toMillis())),
                "it failed (%s)".formatted(reason));
          }
        yield CallEnd.failed(reason, failed.getRetryable() || failed.getRetryAfterMs() > 0);
      }
      case OUTCOME_NOT_SET -> CallEnd.unreadable("the service's answer is empty", true);
    };
  }

  private static String or(String text, String instead) {
    return text.isBlank() ? instead : Causes.cut(text);
  }

  /** The stream has ended, or is ended because it is of no more use. */
  private void broken(Link from, String why, boolean forGood) {
    broken(from, why, forGood, OptionalLong.empty());
  }

  /**
   * @param silentSince if it is given up because nothing was heard
   */
  private void broken(Link from, String why, boolean forGood, OptionalLong silentSince) {
    var outcomes = new LinkedHashMap<GrpcCall, CallEnd>();
    synchronized (this) {
      if (link != from) return;
      link = null;
      var left = List.copyOf(from.open.values());
      from.open.clear();
      if (isClosed()) for (var call : left) outcomes.put(call, CallEnd.broken(ending(), true));
      else if (left.size() == 1)
        outcomes.put(left.get(0), CallEnd.broken("the call broke off: " + why, !forGood));
      else {
        for (var call : left) call.suspect = true;
        waiting.putBack(left);
      }
      if (silentSince.isPresent()) watch.silent(silentSince.getAsLong());
      else watch.down(why, false);
    }
    from.channel.shutdownNow();
    outcomes.forEach(this::tell);
    pump();
  }

  @Override
  String busy() {
    return link != null && link.credit == 0
        ? "the service took no more elements for %s ms".formatted(declaration.timeout().toMillis())
        : "the service was busy with other elements for %s ms"
            .formatted(declaration.timeout().toMillis());
  }

  @Override
  int calling() {
    return link == null ? 0 : link.open.size();
  }

  @Override
  List<Runnable> overdue(long now, boolean starved) {
    var from = link;
    if (from == null) return List.of();
    var todo = new ArrayList<Runnable>();
    var silentSince =
        starved && from.open.isEmpty() && now - from.heardNanos >= declaration.timeout().toNanos()
            ? OptionalLong.of(from.heardNanos)
            : OptionalLong.empty();
    // In the order in which they were sent.
    for (var calls = from.open.values().iterator(); calls.hasNext(); ) {
      var call = calls.next();
      if (now - call.deadlineNanos() < 0) continue;
      calls.remove();
      todo.add(() -> tell(call, CallEnd.late(declaration.timeout())));
      if (silentSince.isEmpty() && from.heardNanos - call.sentNanos < 0)
        silentSince = OptionalLong.of(call.sentNanos);
    }
    // One that answers others is slow. One that says nothing at all may be frozen, or have lost
    // count of its credit.
    if (silentSince.isPresent()) {
      var since = silentSince;
      todo.add(() -> broken(from, "it has said nothing for too long", false, since));
    } else if (!todo.isEmpty()) todo.add(this::pump);
    return todo;
  }

  // Health and description

  @Override
  CompletableFuture<Optional<byte[]>> ask(URI there) {
    var said = new CompletableFuture<Optional<byte[]>>();
    var late =
        timer.schedule(() -> said.cancel(false), Watch.TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    if (!onLoop(() -> describe(there, said))) said.cancel(false);
    return said.whenComplete((answer, error) -> late.cancel(false));
  }

  /** On the loop. */
  private void describe(URI there, CompletableFuture<Optional<byte[]>> said) {
    var channel = channel(there);
    @Nullable ManagedChannel before;
    synchronized (this) {
      before = asked;
      asked = channel;
    }
    if (before != null) before.shutdownNow();
    if (isClosed()) channel.shutdownNow();
    var unused =
        said.whenComplete(
            (answer, error) -> {
              if (error != null) channel.shutdownNow();
            });
    var call =
        channel.newCall(
            StageMethods.DESCRIBE,
            CallOptions.DEFAULT.withMaxInboundMessageSize(KeptDescription.MAX_BYTES));
    call.start(new Asked(said), new Metadata());
    call.request(2);
    call.sendMessage(DescribeRequest.getDefaultInstance());
    call.halfClose();
  }

  private static final class Asked extends ClientCall.Listener<Description> {
    private final CompletableFuture<Optional<byte[]>> said;
    private @Nullable Description description;

    Asked(CompletableFuture<Optional<byte[]>> said) {
      this.said = said;
    }

    @Override
    public void onMessage(Description message) {
      description = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk() && description != null)
        said.complete(Optional.of(description.getJson().getBytes(StandardCharsets.UTF_8)));
      else if (status.getCode() == Status.Code.UNIMPLEMENTED) said.complete(Optional.empty());
      else said.completeExceptionally(status.asRuntimeException());
    }
  }

  private NettyChannelBuilder to(URI there) {
    var file =
        there.getScheme().equals("unix")
            ? Optional.of(Path.of(there.getPath()))
            : socket.filter(Files::exists);
    if (file.isEmpty())
      return NettyChannelBuilder.forAddress(there.getHost(), there.getPort())
          .channelType(NioSocketChannel.class);
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(file.get()))
        .channelFactory(UnixChannel::new, UnixDomainSocketAddress.class)
        .overrideAuthority("localhost");
  }

  private ManagedChannel channel(URI there) {
    var to = to(there);
    tls.ifPresentOrElse(trust -> to.sslContext(trust.http2()), to::usePlaintext);
    return to.eventLoopGroup(loop)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
        .directExecutor()
        .proxyDetector(address -> null)
        .disableRetry()
        .disableServiceConfigLookUp()
        .flowControlWindow(WINDOW)
        .maxInboundMessageSize(declaration.maxAnswer())
        .build();
  }

  @Override
  void ready() {
    onLoop(this::begin);
  }

  /** On the loop. */
  private void begin() {
    @Nullable Link before;
    Link now;
    synchronized (this) {
      before = link;
      if (asked == null || isClosed()) return;
      now = new Link(asked);
      asked = null;
      now.heardNanos = System.nanoTime();
    }
    if (before != null) broken(before, "it was started again", false);
    synchronized (this) {
      link = now;
    }
    now.call.start(now, new Metadata());
    now.call.request(2);
  }

  @Override
  boolean isUnreached(Throwable cause) {
    var status = status(cause);
    return status.isPresent() && isUnreached(status.get());
  }

  private static boolean isUnreached(Status status) {
    return cause(status, ConnectException.class) || cause(status, UnknownHostException.class);
  }

  private static boolean cause(Status status, Class<? extends Throwable> type) {
    for (var cause = status.getCause(); cause != null; cause = cause.getCause())
      if (type.isInstance(cause)) return true;
    return false;
  }

  @Override
  String words(Throwable cause) {
    return status(cause).map(this::words).orElseGet(() -> Causes.words(cause));
  }

  private static Optional<Status> status(Throwable cause) {
    if (cause instanceof StatusRuntimeException runtime) return Optional.of(runtime.getStatus());
    if (cause instanceof StatusException checked) return Optional.of(checked.getStatus());
    return Optional.empty();
  }

  private String words(Status status) {
    if (status.getCause() != null && declaration.place() instanceof ServiceDeclaration.At at) {
      var untrusted = Tls.problem(status.getCause(), at.url().getHost());
      if (untrusted.isPresent()) return untrusted.get();
    }
    if (cause(status, ConnectException.class)) return "nobody listens there";
    if (cause(status, UnknownHostException.class)) return "there is no such host";
    if (status.isOk()) return "it has ended the stream";
    var said = status.getDescription() == null ? "" : status.getDescription();
    if (said.contains("message exceeds maximum size"))
      return "the answer is longer than max-answer";
    var why = status.getCause() == null ? "" : Causes.words(status.getCause());
    if (why.contains(said)) said = "";
    return Causes.cut(
        status.getCode() + (said.isEmpty() ? "" : ": " + said) + (why.isEmpty() ? "" : ": " + why));
  }

  @Override
  void closeCalls() {
    @Nullable ManagedChannel channel;
    @Nullable Link from;
    synchronized (this) {
      channel = asked;
      from = link;
    }
    if (channel != null) channel.shutdownNow();
    if (from != null) broken(from, ending(), false);
    var unused = loop.shutdownGracefully(0, Watch.TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
  }
}
