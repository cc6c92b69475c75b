package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LeadershipKubeIT {
  @Test
  void oneLeadsAtATimeAndAnotherTakesOverAtOnceWhenItEnds() {
    try (var server = new ApiServer()) {
      var first = start(server, "first");
      await().until(() -> first.operator().isPresent());
      try (var second = start(server, "second")) {
        await()
            .until(
                () ->
                    server
                            .client()
                            .leases()
                            .inNamespace(server.namespace())
                            .withName("dayu-operator")
                            .get()
                        != null);
        assertThat(second.operator()).isEmpty();
        first.close();
        assertThat(first.operator()).isEmpty();
        await().atMost(Duration.ofSeconds(20)).until(() -> second.operator().isPresent());
      }
    }
  }

  private static Leadership start(ApiServer server, String identity) {
    var settings = OperatorSettings.of(server.namespace(), identity);
    return Leadership.start(
        server.client(),
        settings,
        () -> Operator.start(server.client(), settings, new FakeRuntime(), new FakeDeclarations()));
  }
}
