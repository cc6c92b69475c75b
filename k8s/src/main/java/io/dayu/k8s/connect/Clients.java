package io.dayu.k8s.connect;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.net.http.HttpClient;
import java.time.Duration;

/** Makes clients of an API server. */
public final class Clients {
  /** Watches are lost after two or three of them without a word, and so is an answer. */
  private static final Duration BEAT = Duration.ofSeconds(10);

  private Clients() {}

  /**
   * A client for the operator; to be closed.
   *
   * <p>It asks twice at most. The library's own patience, of ten tries and 20 s, would let a leader
   * learn too late that its lease is over, and hold up a process that is to end; queue, watches and
   * election try again by themselves. An API server that is silent is noticed within 30 s: by the
   * time that {@code config} gives a request until its answer begins, and by beats of 10 s after
   * that and on watches, for which the library has no limit with the HTTP client of the JDK.
   *
   * <p>It speaks HTTP/1.1: a request that is given up takes its connection with it, and some
   * servers without TLS, such as local proxies, do not understand the question for another version.
   */
  public static KubernetesClient of(Config config) {
    return of(config, BEAT);
  }

  /** The same with other beats. */
  public static KubernetesClient of(Config config, Duration beat) {
    config.setRequestRetryBackoffLimit(1);
    config.setHttp2Disable(true);
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withKubernetesSerialization(
            new KubernetesSerialization(
                new ObjectMapper()
                    .registerModule(
                        new SimpleModule().addDeserializer(String.class, new SharedStrings())),
                true))
        .withHttpClientFactory(
            new JdkHttpClientFactory() {
              @Override
              protected HttpClient.Builder createNewHttpClientBuilder() {
                return new WatchfulBuilder(super.createNewHttpClientBuilder(), beat);
              }
            })
        .build();
  }
}
