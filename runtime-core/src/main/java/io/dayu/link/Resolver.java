package io.dayu.link;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * Tells which addresses a host has now. Links ask before every try to connect, because a name may
 * get another address while a node runs.
 */
@FunctionalInterface
public interface Resolver {
  /**
   * The addresses of a host, at least one, in the order in which they should be tried. Fails with
   * an {@link UnknownHostException} if it has none.
   *
   * @param host a name, or an IPv4 or IPv6 address
   */
  CompletionStage<List<InetAddress>> resolve(String host);

  /**
   * Asks as the JVM does: the system's resolver, with the JVM's cache before it.
   *
   * @param blocking where it waits for the answer
   */
  static Resolver system(Executor blocking) {
    return host ->
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return List.of(InetAddress.getAllByName(host));
              } catch (UnknownHostException e) {
                throw new CompletionException(e);
              }
            },
            blocking);
  }
}
