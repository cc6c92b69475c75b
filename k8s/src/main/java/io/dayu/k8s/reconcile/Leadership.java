package io.dayu.k8s.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one of several processes be the operator: the one that holds the Lease. A process that
 * cannot renew it in time ends its operator and stands again. Safe for any thread.
 */
public final class Leadership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
  private static final String LEASE = "dayu-operator";
  private static final Duration BETWEEN_CANDIDACIES = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final OperatorSettings settings;
  private final Supplier<Operator> begin;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            var thread = new Thread(task, "operator-lease");
            thread.setDaemon(true);
            return thread;
          });
  private final Set<String> leaseFailures = ConcurrentHashMap.newKeySet();
  private Optional<Operator> operator = Optional.empty();
  private Optional<CompletableFuture<?>> candidacy = Optional.empty();
  private @Nullable ToldLock lock; // of the present candidacy
  private boolean closed;

  private Leadership(KubernetesClient client, OperatorSettings settings, Supplier<Operator> begin) {
    this.client = client;
    this.settings = settings;
    this.begin = begin;
  }

  /**
   * Stands for election from now on; returns at once.
   *
   * @param begin starts the operator when this process leads
   */
  public static Leadership start(
      KubernetesClient client, OperatorSettings settings, Supplier<Operator> begin) {
    var leadership = new Leadership(client, settings, begin);
    leadership.stand();
    return leadership;
  }

  /** The operator, while this process leads. */
  public synchronized Optional<Operator> operator() {
    return operator;
  }

  /**
   * Ends the operator and gives the lease back, so that another process need not wait for its end.
   */
  @Override
  public void close() {
    Optional<CompletableFuture<?>> standing;
    synchronized (this) {
      closed = true;
      standing = candidacy;
    }
    end();
    // The lease is given back, for which a silent API server would be waited for.
    standing.ifPresent(c -> threads.execute(() -> c.cancel(true)));
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) threads.shutdownNow();
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void stand() {
    if (closed) return;
    var lease = settings.lease();
    var own = new ToldLock(new LeaseLock(settings.namespace(), LEASE, settings.identity()));
    lock = own;
    var elector =
        new LeaderElector(
            client,
            new LeaderElectionConfigBuilder()
                .withName(LEASE)
                .withLock(own)
                .withLeaseDuration(lease)
                .withRenewDeadline(lease.multipliedBy(2).dividedBy(3))
                .withRetryPeriod(lease.dividedBy(7))
                .withReleaseOnCancel(true)
                .withLeaderCallbacks(
                    new LeaderCallbacks(() -> lead(own), () -> end(own), Leadership::told))
                .build(),
            threads);
    var standing = elector.start();
    candidacy = Optional.of(standing);
    CompletionStage<Void> ignored =
        standing.handle(
            (done, thrown) -> {
              end(own);
              if (thrown != null && !isCancelled(thrown))
                LOG.warn("No longer a candidate for the operator ({})", Cluster.words(thrown));
              standLater();
              return null;
            });
  }

  private synchronized void standLater() {
    if (closed) return;
    CompletableFuture<Void> ignored =
        CompletableFuture.runAsync(
            this::stand,
            CompletableFuture.delayedExecutor(
                BETWEEN_CANDIDACIES.toMillis(), TimeUnit.MILLISECONDS, threads));
  }

  private synchronized void lead(ToldLock own) {
    if (closed || own != lock || operator.isPresent() || !own.mayLead()) return;
    LOG.info("This process is the operator of namespace {}", settings.namespace());
    try {
      operator = Optional.of(begin.get());
      threads.execute(() -> checkLater(own));
    } catch (RuntimeException e) {
      // The elector would never end, and hold the lease without an operator.
      LOG.error("The operator cannot start; the lease is given back", e);
      candidacy.ifPresent(c -> threads.execute(() -> c.cancel(true)));
    }
  }

  /**
   * The elector does not look at the time while it waits for an answer, and to give the lease back
   * it waits once more. So a leader that the API server does not answer is ended from here, before
   * another may follow it, and stands anew.
   */
  private void checkLater(ToldLock own) {
    var lease = settings.lease();
    CompletableFuture.delayedExecutor(
            lease.dividedBy(14).toMillis(), TimeUnit.MILLISECONDS, threads)
        .execute(() -> check(own));
  }

  private void check(ToldLock own) {
    Optional<CompletableFuture<?>> standing;
    synchronized (this) {
      if (own != lock || operator.isEmpty()) return;
      standing = candidacy;
    }
    var silent = Duration.ofNanos(System.nanoTime() - own.renewed);
    if (silent.compareTo(settings.lease().multipliedBy(3).dividedBy(4)) < 0) {
      checkLater(own);
      return;
    }
    own.over = true;
    own.late(silent);
    end(own);
    standing.ifPresent(c -> c.cancel(true));
  }

  /** What an earlier candidacy has to say comes late, and is not about this operator. */
  private void end(ToldLock own) {
    synchronized (this) {
      if (own != lock) return;
    }
    end();
  }

  private void end() {
    Optional<Operator> ending;
    synchronized (this) {
      ending = operator;
      operator = Optional.empty();
    }
    ending.ifPresent(
        o -> {
          o.close();
          LOG.info("This process is no longer the operator");
        });
  }

  private static void told(String leader) {
    LOG.info("{} is the operator", leader);
  }

  /**
   * Says once that the lease cannot be had, and once that it can: the elector says it with a stack
   * trace at each try, and its logger is off.
   */
  private final class ToldLock implements Lock {
    private final Lock lock;

    /** When the last write was begun that went well, in nanoseconds; of this candidacy. */
    private volatile long renewed;

    private boolean held;
    private boolean waiting;

    /** Whether nothing is to be read or written for this candidacy any more. */
    private volatile boolean over;

    ToldLock(Lock lock) {
      this.lock = lock;
    }

    @Override
    public @Nullable LeaderElectionRecord get(KubernetesClient from) {
      goOn();
      try {
        var found = lock.get(from);
        can("read");
        return found;
      } catch (KubernetesClientException e) {
        cannot("read", e);
        throw e;
      }
    }

    @Override
    public void create(KubernetesClient at, LeaderElectionRecord made) {
      write("made", made, () -> lock.create(at, made));
    }

    @Override
    public void update(KubernetesClient at, LeaderElectionRecord changed) {
      write("renewed", changed, () -> lock.update(at, changed));
    }

    @Override
    public String identity() {
      return lock.identity();
    }

    @Override
    public String describe() {
      return lock.describe();
    }

    /**
     * Whether it was renewed for this candidacy. The elector takes one for its own that it has only
     * read, and that may be about to end; then its first renewal is waited for.
     */
    private synchronized boolean mayLead() {
      waiting = !held;
      return held;
    }

    private synchronized boolean wasWaitedFor() {
      held = true;
      boolean was = waiting;
      waiting = false;
      return was;
    }

    private void write(String what, LeaderElectionRecord record, Runnable written) {
      goOn();
      long begun = System.nanoTime();
      try {
        written.run();
        // Else it was given back.
        if (lock.identity().equals(record.getHolderIdentity())) {
          renewed = begun;
          if (wasWaitedFor()) threads.execute(() -> lead(this));
        }
        can(what);
      } catch (KubernetesClientException e) {
        if (e.getCode() != 409) cannot(what, e);
        throw e;
      }
    }

    private void goOn() {
      if (over) throw new KubernetesClientException("this candidacy is over");
    }

    private void late(Duration silent) {
      if (leaseFailures.add("renewed"))
        LOG.warn(
            "The Lease {} was not renewed for {} s: the API server does not answer. Nothing ends, and nothing"
                + " follows resources, until it does",
            LEASE,
            silent.toSeconds());
    }

    private void can(String what) {
      if (leaseFailures.remove(what)) LOG.info("The Lease {} is {} again", LEASE, what);
    }

    private void cannot(String what, KubernetesClientException e) {
      if (leaseFailures.add(what))
        LOG.warn(
            "The Lease {} cannot be {} ({}); tried again. {}While no process has it, nothing ends, and nothing"
                + " follows resources",
            LEASE,
            what,
            Cluster.words(e),
            e.getCode() == 403
                ? "The operator needs the right to get, create and patch leases. "
                : "");
    }
  }

  private static boolean isCancelled(Throwable thrown) {
    return thrown instanceof CancellationException
        || thrown instanceof CompletionException
            && thrown.getCause() instanceof CancellationException;
  }
}
