package io.dayu.bench.abuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.console.Progress;
import io.dayu.local.Home;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Attacks real processes, as a stranger would; the nodes' modules must have been packaged. */
@Timeout(400)
class AbuseClusterIT {
  @Test
  void nodesLiveDeliverAndKeepSecretsWhateverIsSentToThem() {
    var told = new StringWriter();
    var settings = new AbuseRun.Settings(5, Duration.ofSeconds(20), Attack.all());
    var report =
        new AbuseRun(Home.find(), settings, Progress.to(new PrintWriter(told, true), false)).run();
    assertThat(report.kept()).as("%s%n%s", told, report.text()).isTrue();
    assertThat(report.attacks()).hasSameSizeAs(Attack.all());
    assertThat(report.attacks()).as(report.text()).allMatch(done -> done.inputs() > 0);
    assertThat(report.verdict().given()).isPositive();
  }
}
