package io.dayu.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.k8s.desired.ErrorRate.Figures;
import io.dayu.k8s.reconcile.Declarations.Caller;
import io.dayu.stage.ServiceCalls;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static final String OLD = "http://127.0.0.1:26000/";
  private static final String NEW = "http://127.0.0.1:26001/";

  @Test
  void aMemberIsDoneWhenNoneOfItsCallsIsLeftElsewhere() {
    var traffic =
        Traffic.of(
            List.of(
                new Caller(OLD, List.of(calls(OLD, 1, 9))),
                new Caller(NEW, List.of(calls(NEW, 4, 5), calls(OLD, 2, 7))),
                new Caller(NEW, List.of(calls(NEW, 1, 6), calls(OLD, 0, 8)))),
            26_001);
    assertThat(traffic)
        .isEqualTo(new Traffic(2, 1, 2, new Figures(11, 0, 0, 0, 0), new Figures(15, 0, 0, 0, 0)));
  }

  @Test
  void oneThatDoesNotCountItsCallsIsNotDone() {
    assertThat(Traffic.of(List.of(new Caller("grpc://127.0.0.1:26001", List.of())), 26_001))
        .isEqualTo(new Traffic(1, 0, 0, Figures.NONE, Figures.NONE));
  }

  @Test
  void aFallbackIsCalledWithWhatIsHardAndAMemberThatHasOneIsNotDone() {
    var traffic =
        Traffic.of(
            List.of(
                new Caller(
                    NEW,
                    List.of(
                        calls(NEW, 0, 5),
                        new ServiceCalls(OLD, 0, 0, 9, 0, 0, 0, true),
                        calls(OLD, 0, 7)))),
            26_001);
    assertThat(traffic)
        .isEqualTo(new Traffic(1, 0, 0, new Figures(5, 0, 0, 0, 0), new Figures(7, 0, 0, 0, 0)));
  }

  @Test
  void callsToAnEarlierRevisionAtTheSamePortCountForNobody() {
    var traffic =
        Traffic.of(
            List.of(
                new Caller(NEW, List.of(calls(NEW, 0, 1), calls(OLD, 0, 2), calls(NEW, 0, 50)))),
            26_001);
    assertThat(traffic.figures()).isEqualTo(new Figures(1, 0, 0, 0, 0));
    assertThat(traffic.before()).isEqualTo(new Figures(2, 0, 0, 0, 0));
  }

  private static ServiceCalls calls(String at, int open, long answered) {
    return new ServiceCalls(at, open, answered, 0, 0, 0, 0);
  }
}
