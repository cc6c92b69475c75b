package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.element.MediaJson.UnreadableMedia;
import io.dayu.facts.NodeReport;
import io.dayu.facts.ServiceReports;
import io.dayu.link.Backoff;
import io.dayu.service.Answers.Answer;
import io.dayu.service.ServiceDescription.BadDescription;
import io.dayu.stage.Causes;
import io.dayu.stage.Outcome;
import io.dayu.stage.ServiceProvider;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.Stages;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service over HTTP: calls it for all stages of a node that have its type, and looks after it.
 *
 * <p>Calls wait in one queue, in the order in which they came, while as many as its parallelism are
 * under way. Where the service takes batches, those that wait go together. A call that the service
 * did not take because nobody listens goes back to the head of the queue, and nothing is sent until
 * the service is there again: a service that is started again costs its elements time and no try. A
 * call that was sent and broke off fails, to be tried again. Each ends at its deadline, wherever it
 * is.
 *
 * <p>No thread waits for an answer. Safe for any thread.
 */
final class HttpService implements ServiceProvider, AutoCloseable {
  /** Where a service describes itself. */
  static final String DESCRIPTION = "/.well-known/dayu-stage";

  /** Where a service says whether it can work. */
  static final String HEALTH = "/health";

  private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);
  private static final int MAX_DESCRIPTION = 256 << 10;
  private static final int MAX_BATCH_BYTES = 1 << 20;
  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration FIRST_LOOK = Duration.ofMillis(100);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(2);

  /** How late a call may end after its deadline. */
  private static final long SWEEP_MILLIS = 100;

  /** A failure is not told at once: tries of one element in a row would meet the same trouble. */
  private static final long PAUSE_MILLIS = 100;

  /** How long nothing is sent to a service that asks to wait and does not say how long. */
  private static final Duration BRIEFLY = Duration.ofMillis(500);

  /** Calls under way in one request. */
  private static final class Exchange {
    final List<ServiceCall> calls;
    final long deadlineNanos;
    @Nullable CompletableFuture<HttpResponse<byte[]>> response;
    boolean late;

    Exchange(List<ServiceCall> calls) {
      this.calls = calls;
      this.deadlineNanos = calls.get(0).deadlineNanos();
    }
  }

  private final ServiceDeclaration declaration;
  private final HttpClient client;
  private final ScheduledExecutorService timer;
  private final String from;
  private volatile @Nullable ServiceDescription description; // null until it is known

  // The rest is guarded by this.
  private final ArrayDeque<ServiceCall> waiting =
      new ArrayDeque<>(); // bounded by the stages' slots
  private final Set<Exchange> running = new LinkedHashSet<>();
  private final Backoff backoff = new Backoff(FIRST_LOOK, LONGEST_LOOK);
  private @Nullable URI url; // null while a program of ours does not run
  private long epoch; // of the url
  private boolean up;
  private boolean looking;
  private boolean sweeping;
  private boolean closed;
  private long heldUntilNanos;
  private boolean held;
  private String problem = "it has not answered yet";

  /**
   * @param client follows no redirects
   * @param timer runs short tasks only
   */
  HttpService(ServiceDeclaration declaration, HttpClient client, ScheduledExecutorService timer) {
    this.declaration = declaration;
    this.client = client;
    this.timer = timer;
    this.from =
        declaration.place() instanceof ServiceDeclaration.At at
            ? at.url().toString()
            : "program " + ((ServiceDeclaration.Program) declaration.place()).command().get(0);
  }

  String name() {
    return declaration.name();
  }

  /** Whether what it reads and gives is known. */
  boolean isDescribed() {
    return description != null;
  }

  @Override
  public StageDescriptor descriptor() {
    return known().descriptor();
  }

  @Override
  public String transport() {
    return "http";
  }

  @Override
  public String from() {
    return from;
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    var stage = ServiceCall.Stage.of(context);
    return Stages.async(element -> call(element, stage));
  }

  private ServiceDescription known() {
    var now = description;
    if (now == null)
      throw new IllegalStateException(
          "service " + declaration.name() + " has not described itself");
    return now;
  }

  /** The service is to be found here from now on; it is called once it answers. */
  void at(URI place) {
    synchronized (this) {
      url = place;
      epoch++;
      up = false;
      backoff.reset();
    }
    lookIn(Duration.ZERO);
  }

  /** The service is nowhere for now. */
  void gone(String why) {
    synchronized (this) {
      url = null;
      epoch++;
      up = false;
      problem = why;
    }
  }

  /** What calls wait for; for logs and tests. */
  synchronized String problem() {
    return up ? "" : problem;
  }

  // Calls

  CompletionStage<Outcome> call(Element element, ServiceCall.Stage stage) {
    var now = known();
    var body = ServiceCall.body(element, now);
    if (body.isEmpty())
      return CompletableFuture.completedStage(
          new Outcome.Failed(ServiceCall.refusal(element, now), false));
    var call =
        new ServiceCall(
            element, stage, body.get(), System.nanoTime() + declaration.timeout().toNanos());
    synchronized (this) {
      if (closed)
        return CompletableFuture.completedStage(new Outcome.Failed("the node ends", true));
      waiting.add(call);
      sweepLater();
    }
    pump();
    return call.answer();
  }

  private void pump() {
    while (true) {
      Exchange exchange;
      URI there;
      synchronized (this) {
        if (!up || url == null || closed || waiting.isEmpty() || isHeld()) return;
        if (running.size() >= known().parallelism()) return;
        exchange = new Exchange(take(known().batch()));
        running.add(exchange);
        there = url;
      }
      send(exchange, there);
    }
  }

  private boolean isHeld() {
    if (held && System.nanoTime() - heldUntilNanos >= 0) held = false;
    return held;
  }

  /** What waits, as far as it may go in one request. */
  private List<ServiceCall> take(int most) {
    var calls = new ArrayList<ServiceCall>();
    var ids = new HashSet<String>();
    int bytes = 0;
    while (!waiting.isEmpty() && calls.size() < most) {
      var next = waiting.peek();
      bytes += next.body().bytes().length;
      // Ids differ within a stream only, and the answer has nothing else to tell elements by.
      boolean fits = bytes <= MAX_BATCH_BYTES && ids.add(next.id());
      if (!calls.isEmpty() && !fits) break;
      ids.add(next.id());
      calls.add(waiting.remove());
    }
    return calls;
  }

  private void send(Exchange exchange, URI there) {
    long now = System.nanoTime();
    CompletableFuture<HttpResponse<byte[]>> response;
    try {
      response =
          client.sendAsync(
              exchange.calls.size() == 1
                  ? single(there, exchange.calls.get(0), now)
                  : batch(there, exchange.calls, now),
              this::body);
    } catch (RuntimeException e) {
      response = CompletableFuture.failedFuture(e);
    }
    synchronized (this) {
      exchange.response = response;
    }
    var unused = response.whenComplete((answer, error) -> ended(exchange, answer, error));
  }

  private static HttpRequest single(URI there, ServiceCall call, long now) {
    var request =
        HttpRequest.newBuilder(there)
            .header("content-type", call.body().header())
            .POST(BodyPublishers.ofByteArray(call.body().bytes()));
    call.attributes(now)
        .forEach((name, value) -> request.header("ce-" + name, String.valueOf(value)));
    return request.build();
  }

  private static HttpRequest batch(URI there, List<ServiceCall> calls, long now) {
    return HttpRequest.newBuilder(there)
        .header("content-type", "application/cloudevents-batch+json")
        .POST(BodyPublishers.ofByteArray(ServiceCall.batch(calls, now)))
        .build();
  }

  private HttpResponse.BodySubscriber<byte[]> body(ResponseInfo info) {
    return switch (info.statusCode() / 100) {
      case 2 -> BoundedBody.whole(declaration.maxAnswer());
      case 4, 5 -> BoundedBody.beginning();
      default -> BoundedBody.refused();
    };
  }

  private void ended(
      Exchange exchange, @Nullable HttpResponse<byte[]> response, @Nullable Throwable error) {
    var outcomes = new HashMap<ServiceCall, Outcome>();
    if (response != null) outcomes.putAll(outcomes(exchange, response));
    synchronized (this) {
      running.remove(exchange);
      if (response != null) holdIfAsked(response);
      else if (exchange.late) all(exchange, late(), outcomes);
      else {
        var cause = Causes.of(Objects.requireNonNull(error, "an exchange ends in one way"));
        if (cause instanceof BoundedBody.TooLong)
          all(exchange, new Outcome.Failed(Causes.words(cause), false), outcomes);
        else if (isUnreached(cause) && !closed) unreached(exchange, cause);
        else
          all(
              exchange,
              new Outcome.Failed("the call broke off: " + Causes.words(cause), true),
              outcomes);
      }
    }
    outcomes.forEach(this::tell);
    pump();
  }

  private static void all(Exchange exchange, Outcome outcome, Map<ServiceCall, Outcome> outcomes) {
    for (var call : exchange.calls) outcomes.put(call, outcome);
  }

  /** What fails is told a little later; then its next try is not made in the same moment. */
  private void tell(ServiceCall call, Outcome outcome) {
    if (outcome instanceof Outcome.Failed failed && failed.retryable() && !isClosed()) {
      var unused =
          timer.schedule(
              () -> call.answer().complete(outcome), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } else call.answer().complete(outcome);
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private Map<ServiceCall, Outcome> outcomes(Exchange exchange, HttpResponse<byte[]> response) {
    var answer = new Answer(response.statusCode(), response.headers(), response.body());
    var outcomes = new HashMap<ServiceCall, Outcome>();
    var descriptor = known().descriptor();
    if (exchange.calls.size() == 1) {
      var call = exchange.calls.get(0);
      outcomes.put(call, Answers.outcome(answer, descriptor, call.element()));
      return outcomes;
    }
    if (answer.status() != 200) {
      for (var call : exchange.calls)
        outcomes.put(call, Answers.outcome(answer, descriptor, call.element()));
      return outcomes;
    }
    Map<String, Outcome> byId = Map.of();
    var missing = "the service's answer to a batch leaves out this element";
    try {
      byId = Answers.outcomes(answer, descriptor);
    } catch (UnreadableMedia e) {
      missing = "the service's answer to a batch cannot be read: " + e.getMessage();
    }
    for (var call : exchange.calls) {
      var outcome = byId.get(call.id());
      outcomes.put(call, outcome == null ? new Outcome.Failed(missing, true) : outcome);
    }
    return outcomes;
  }

  private Outcome.Failed late() {
    return new Outcome.Failed(
        "the service did not answer within %s ms".formatted(declaration.timeout().toMillis()),
        true);
  }

  private void holdIfAsked(HttpResponse<byte[]> response) {
    if (!Answers.asksToWait(response.statusCode())) return;
    var wait = Answers.wait(response.headers()).orElse(BRIEFLY);
    if (wait.isZero()) return;
    held = true;
    heldUntilNanos = System.nanoTime() + wait.toNanos();
    problem =
        "it answered with status %s and asked to wait %s ms"
            .formatted(response.statusCode(), wait.toMillis());
    var unused = timer.schedule(this::pump, wait.toMillis() + 1, TimeUnit.MILLISECONDS);
  }

  /** Nobody took the calls, so they have not cost a try. */
  private void unreached(Exchange exchange, Throwable cause) {
    for (int i = exchange.calls.size() - 1; i >= 0; i--) waiting.addFirst(exchange.calls.get(i));
    if (url == null || !up) return;
    up = false;
    problem = unreachedWords(cause);
    LOG.warn("service {} cannot be reached: {}; elements wait for it", declaration.name(), problem);
    lookIn(Duration.ZERO);
  }

  private static String unreachedWords(Throwable cause) {
    if (cause instanceof HttpConnectTimeoutException) return "it takes no connection";
    var words = Causes.words(cause);
    // The client gives none for a connection that is refused.
    return cause instanceof ConnectException && words.equals("ConnectException")
        ? "nobody listens there"
        : words;
  }

  private static boolean isUnreached(Throwable cause) {
    return cause instanceof ConnectException
        || cause instanceof HttpConnectTimeoutException
        || cause instanceof UnresolvedAddressException;
  }

  // Deadlines

  /** Guarded by this. */
  private void sweepLater() {
    if (sweeping || closed) return;
    sweeping = true;
    var unused = timer.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    var late = new ArrayList<ServiceCall>();
    var cancelled = new ArrayList<CompletableFuture<?>>();
    String why;
    synchronized (this) {
      sweeping = false;
      long now = System.nanoTime();
      // Those at the head have waited longest.
      while (!waiting.isEmpty() && now - waiting.peek().deadlineNanos() >= 0)
        late.add(waiting.remove());
      for (var exchange : running)
        if (now - exchange.deadlineNanos >= 0 && !exchange.late && exchange.response != null) {
          exchange.late = true;
          cancelled.add(exchange.response);
        }
      why =
          up && !held
              ? "the service was busy with other elements for %s ms"
                  .formatted(declaration.timeout().toMillis())
              : "the service does not answer: " + problem;
      if (!waiting.isEmpty() || !running.isEmpty()) sweepLater();
    }
    // Closes the connection, so that a late answer meets nobody.
    for (var response : cancelled) response.cancel(true);
    for (var call : late) call.answer().complete(new Outcome.Failed(why, true));
  }

  // Health and description

  private void lookIn(Duration wait) {
    synchronized (this) {
      if (looking || closed || url == null || up) return;
      looking = true;
    }
    var unused = timer.schedule(this::look, wait.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    URI there;
    long now;
    synchronized (this) {
      there = url;
      now = epoch;
      if (closed || there == null) {
        looking = false;
        return;
      }
    }
    var unused =
        get(there.resolve(HEALTH))
            .thenCompose(
                health -> {
                  if (health.statusCode() / 100 == 5)
                    throw new IllegalStateException(
                        "it is not ready: %s answers with status %s"
                            .formatted(HEALTH, health.statusCode()));
                  return get(there.resolve(DESCRIPTION));
                })
            .thenAccept(answer -> described(answer, now))
            .whenComplete((done, error) -> looked(error, now));
  }

  private CompletableFuture<HttpResponse<byte[]>> get(URI there) {
    var response =
        client.sendAsync(
            HttpRequest.newBuilder(there).header("accept", "application/json").build(),
            info ->
                info.statusCode() == 200
                    ? BoundedBody.whole(MAX_DESCRIPTION)
                    : info.statusCode() / 100 == 1
                        ? BoundedBody.refused()
                        : BoundedBody.beginning());
    // Not the timeout of the request, which ends with the headers.
    var late =
        timer.schedule(() -> response.cancel(true), LOOK_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    return response.whenComplete((answer, error) -> late.cancel(false));
  }

  private void described(HttpResponse<byte[]> answer, long of) {
    try {
      var read =
          switch (answer.statusCode()) {
            case 200 -> ServiceDescription.read(declaration, answer.body());
            case 404, 405, 501 -> ServiceDescription.declared(declaration);
            default ->
                throw new BadDescription(
                    "%s answers with status %s".formatted(DESCRIPTION, answer.statusCode()));
          };
      int bytes = ServiceReports.size(new NodeReport.Service(read.descriptor(), transport(), from));
      if (bytes > ServiceReports.MAX_BYTES)
        throw new BadDescription(
            "its description has %s bytes as nodes tell each other, at most %s are possible; shorten the descriptions of its parameters"
                .formatted(bytes, ServiceReports.MAX_BYTES));
      synchronized (this) {
        if (of != epoch || closed) return;
        take(read);
        up = true;
        backoff.reset();
      }
      pump();
    } catch (BadDescription e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private void take(ServiceDescription read) {
    var before = description;
    if (before == null)
      LOG.info(
          "service {} is ready at {}: it gives {}",
          declaration.name(),
          url,
          read.descriptor().output().word());
    else if (!read.hasTypesOf(before)) {
      LOG.warn(
          "service {} now says that it reads or gives other types; that holds once this node is started again",
          declaration.name());
      return;
    } else if (!up) LOG.info("service {} is ready again", declaration.name());
    description = read;
  }

  private void looked(@Nullable Throwable error, long of) {
    Duration again;
    synchronized (this) {
      looking = false;
      if (closed || up) return;
      if (error != null && of == epoch) {
        var cause = Causes.of(error);
        var words =
            cause instanceof CancellationException
                ? "it does not answer within %s ms".formatted(LOOK_TIMEOUT.toMillis())
                : unreachedWords(cause);
        // A program of ours listens when it has started; whether it does not start is told there.
        boolean starting =
            declaration.place() instanceof ServiceDeclaration.Program && isUnreached(cause);
        if (!words.equals(problem) && !starting)
          LOG.warn("service {} cannot be used yet: {}", declaration.name(), words);
        problem = words;
      }
      again = of == epoch ? backoff.next() : Duration.ZERO;
    }
    lookIn(again);
  }

  /** Ends all calls; the program, if it is ours, is ended by who started it. */
  @Override
  public void close() {
    List<ServiceCall> left;
    List<CompletableFuture<?>> cancelled = new ArrayList<>();
    synchronized (this) {
      closed = true;
      left = List.copyOf(waiting);
      waiting.clear();
      for (var exchange : running) if (exchange.response != null) cancelled.add(exchange.response);
    }
    for (var response : cancelled) response.cancel(true);
    for (var call : left) call.answer().complete(new Outcome.Failed("the node ends", true));
  }
}
