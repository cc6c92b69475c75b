package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.element.MediaJson.UnreadableMedia;
import io.dayu.service.Answers.Answer;
import io.dayu.stage.Causes;
import io.dayu.stage.SideInput;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A service over HTTP.
 *
 * <p>Calls wait while as many as its parallelism are under way. Where the service takes batches,
 * those that wait go together. A call that the service did not take because nobody listens goes
 * back to the head of the queue: a service that is started again costs its elements time and no
 * try. A call that was sent and broke off fails, to be tried again.
 *
 * <p>Safe for any thread.
 */
final class HttpService extends Service<HttpCall> {
  /** Where a service describes itself. */
  static final String DESCRIPTION = "/.well-known/dayu-stage";

  /** Where a service says whether it can work. */
  static final String HEALTH = "/health";

  /** Calls under way in one request. */
  private static final class Exchange {
    final List<HttpCall> calls;
    final long sentNanos = System.nanoTime();
    final long deadlineNanos;
    @Nullable CompletableFuture<Answer> response;
    boolean late;

    Exchange(List<HttpCall> calls) {
      this.calls = calls;
      this.deadlineNanos = calls.get(0).deadlineNanos();
    }
  }

  /** How often one that is loaded on demand is asked whether it is still there. */
  private static final Duration CHECK = Duration.ofSeconds(3);

  private final Connections connections;
  private final SideGifts gifts;
  private final Set<Exchange> running = new LinkedHashSet<>(); // guarded by this
  private long heardNanos = System.nanoTime(); // guarded by this
  private boolean watched; // guarded by this

  /**
   * @param timer runs short tasks only
   */
  HttpService(
      ServiceDeclaration declaration, Connections connections, ScheduledExecutorService timer) {
    super(declaration, timer);
    this.connections = connections;
    this.gifts = new SideGifts((request, body) -> connections.send(request.over(tls), body));
  }

  @Override
  HttpCall prepare(
      Element element, ServiceCall.Stage stage, ServiceDescription description, long deadlineNanos)
      throws ServiceCall.Refused {
    var body =
        ServiceCall.body(element, description)
            .orElseThrow(() -> new ServiceCall.Refused(ServiceCall.refusal(element, description)));
    return new HttpCall(element, stage, body, deadlineNanos);
  }

  @Override
  void send() {
    while (true) {
      Exchange exchange;
      @Nullable URI there;
      synchronized (this) {
        there = open();
        if (there == null || waiting.isEmpty()) return;
        if (running.size() >= known().parallelism()) return;
        exchange = new Exchange(take(known().batch()));
        running.add(exchange);
      }
      send(exchange, there);
    }
  }

  /** What waits, as far as it may go in one request. */
  private List<HttpCall> take(int most) {
    var calls = new ArrayList<HttpCall>();
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
    CompletableFuture<Answer> response;
    try {
      var sides = new LinkedHashMap<String, SideInput>(); // by digest
      for (var call : exchange.calls)
        call.sides().values().forEach(side -> sides.put(side.digest(), side));
      response = gifts.before(there, sides.values(), () -> request(exchange.calls, there));
    } catch (RuntimeException e) {
      response = CompletableFuture.failedFuture(e);
    }
    synchronized (this) {
      exchange.response = response;
    }
    var unused = response.whenComplete((answer, error) -> ended(exchange, answer, error));
  }

  private CompletableFuture<Answer> request(List<HttpCall> calls, URI there) {
    long now = System.nanoTime();
    var request = calls.size() == 1 ? single(there, calls.get(0), now) : batch(there, calls, now);
    return connections.send(request.over(tls), this::body);
  }

  private static Request single(URI there, HttpCall call, long now) {
    var request =
        Request.post(there, call.body().bytes()).header("content-type", call.body().header());
    call.attributes(now)
        .forEach((name, value) -> request.header("ce-" + name, String.valueOf(value)));
    return request;
  }

  private static Request batch(URI there, List<HttpCall> calls, long now) {
    return Request.post(there, HttpCall.batch(calls, now))
        .header("content-type", "application/cloudevents-batch+json");
  }

  private BoundedBody body(int status) {
    return switch (status / 100) {
      case 2 -> BoundedBody.whole(declaration.maxAnswer());
      case 4, 5 -> BoundedBody.beginning();
      default -> BoundedBody.refused();
    };
  }

  private void ended(Exchange exchange, @Nullable Answer response, @Nullable Throwable error) {
    var outcomes = new HashMap<HttpCall, CallEnd>();
    if (response != null) outcomes.putAll(outcomes(exchange, response));
    synchronized (this) {
      running.remove(exchange);
      if (response != null) {
        heardNanos = System.nanoTime();
        watch.answered();
        holdIfAsked(response);
      } else if (exchange.late) all(exchange, CallEnd.late(declaration.timeout()), outcomes);
      else {
        var cause = Causes.of(Objects.requireNonNull(error, "an exchange ends in one way"));
        if (cause instanceof SideGifts.NotTaken not)
          all(exchange, CallEnd.failed(Causes.words(not), not.retryable), outcomes);
        else if (cause instanceof BoundedBody.TooLong)
          all(exchange, CallEnd.unreadable(Causes.words(cause), false), outcomes);
        else if (isUnreached(cause) && !isClosed()) {
          waiting.putBack(exchange.calls);
          watch.down(words(cause), true);
        } else
          all(
              exchange,
              CallEnd.broken("the call broke off: " + Causes.words(cause), true),
              outcomes);
      }
    }
    outcomes.forEach(this::tell);
    pump();
  }

  private static void all(Exchange exchange, CallEnd end, Map<HttpCall, CallEnd> outcomes) {
    for (var call : exchange.calls) outcomes.put(call, end);
  }

  private Map<HttpCall, CallEnd> outcomes(Exchange exchange, Answer answer) {
    var outcomes = new HashMap<HttpCall, CallEnd>();
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
    Map<String, CallEnd> byId = Map.of();
    var missing = "the service's answer to a batch leaves out this element";
    try {
      byId = Answers.outcomes(answer, descriptor);
    } catch (UnreadableMedia e) {
      missing = "the service's answer to a batch cannot be read: " + e.getMessage();
    }
    for (var call : exchange.calls) {
      var outcome = byId.get(call.id());
      outcomes.put(call, outcome == null ? CallEnd.unreadable(missing, true) : outcome);
    }
    return outcomes;
  }

  private void holdIfAsked(Answer response) {
    if (!Answers.asksToWait(response.status())) return;
    watch.hold(
        Answers.wait(response.headers()).orElse(Watch.BRIEFLY),
        "it answered with status " + response.status());
  }

  @Override
  String words(Throwable cause) {
    return Causes.words(cause);
  }

  @Override
  boolean isUnreached(Throwable cause) {
    return cause instanceof Connection.Unreached;
  }

  @Override
  String busy() {
    return "the service was busy with other elements for %s ms"
        .formatted(declaration.timeout().toMillis());
  }

  @Override
  int calling() {
    return running.stream().mapToInt(exchange -> exchange.calls.size()).sum();
  }

  /** Closes the connection, so that a late answer meets nobody. */
  @Override
  List<Runnable> overdue(long now, boolean starved) {
    var cancels = new ArrayList<Runnable>();
    for (var exchange : running) {
      var response = exchange.response;
      if (now - exchange.deadlineNanos < 0 || exchange.late || response == null) continue;
      exchange.late = true;
      if (heardNanos - exchange.sentNanos < 0) watch.silent(exchange.sentNanos);
      cancels.add(() -> response.cancel(true));
    }
    return cancels;
  }

  // Health and description

  @Override
  CompletableFuture<Optional<byte[]>> ask(URI there) {
    return get(there.resolve(HEALTH))
        .thenCompose(
            health -> {
              if (health.status() / 100 == 5)
                throw new IllegalStateException(
                    "it is not ready: %s answers with status %s"
                        .formatted(HEALTH, health.status()));
              return get(there.resolve(DESCRIPTION));
            })
        .thenApply(
            answer ->
                switch (answer.status()) {
                  case 200 -> Optional.of(answer.body());
                  case 404, 405, 501 -> Optional.empty();
                  default ->
                      throw new IllegalStateException(
                          "%s answers with status %s".formatted(DESCRIPTION, answer.status()));
                });
  }

  @Override
  void ready() {
    gifts.forget();
    synchronized (this) {
      watch.works();
    }
    pump();
    if (declaration.onDemand()) watch();
  }

  /** One that is ended because nobody calls it would be missed only by the next call. */
  private void watch() {
    synchronized (this) {
      if (watched || isClosed()) return;
      watched = true;
      var unused = timer.schedule(this::check, CHECK.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void check() {
    var there = present();
    if (there.isEmpty()) {
      synchronized (this) {
        watched = false; // until it is ready again
      }
      return;
    }
    var unused =
        get(there.get().resolve(HEALTH))
            .whenComplete(
                (answer, error) -> {
                  synchronized (this) {
                    watched = false;
                    if (error != null && isUnreached(Causes.of(error)))
                      watch.down(words(Causes.of(error)), false);
                  }
                  watch();
                });
  }

  private CompletableFuture<Answer> get(URI there) {
    var response =
        connections.send(
            Request.get(there).header("accept", "application/json").over(tls),
            status ->
                status == 200
                    ? BoundedBody.whole(KeptDescription.MAX_BYTES)
                    : status / 100 == 1 ? BoundedBody.refused() : BoundedBody.beginning());
    var late =
        timer.schedule(
            () -> response.cancel(true), Watch.TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    return response.whenComplete((answer, error) -> late.cancel(false));
  }

  @Override
  void closeCalls() {
    var cancelled = new ArrayList<CompletableFuture<?>>();
    synchronized (this) {
      for (var exchange : running) if (exchange.response != null) cancelled.add(exchange.response);
    }
    for (var response : cancelled) response.cancel(true);
  }
}
