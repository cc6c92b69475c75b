package io.dayu.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RoundsTest {
  static Rounds rounds(double[] dayu, double[] jet, double[] flink) {
    var rounds = new Rounds();
    for (double rate : dayu) rounds.add(Contestant.DAYU, new Throughput(rate, 0.02));
    for (double rate : jet) rounds.add(Contestant.JET, new Throughput(rate, 0.01));
    for (double rate : flink) {
      rounds.add(Contestant.FLINK, new Throughput(rate, 0.04));
      rounds.add(Contestant.FLINK_CHAINED, new Throughput(10 * rate, 0.004));
    }
    return rounds;
  }

  @Test
  void theBetterEngineWithHopsIsChosenRoundByRound() {
    var rounds =
        rounds(new double[] {100, 50, 90}, new double[] {200, 80, 90}, new double[] {50, 100, 180});

    assertThat(rounds.ratiosToBest()).containsExactly(0.5, 0.5, 0.5);
    assertThat(rounds.ratios(Contestant.JET)).containsExactly(0.5, 0.625, 1.0);
  }

  @Test
  void figuresAreMediansOverRounds() {
    var rounds =
        rounds(new double[] {100, 50, 90}, new double[] {200, 80, 90}, new double[] {50, 100, 180});

    assertThat(rounds.rate(Contestant.DAYU)).isEqualTo(90);
    assertThat(rounds.cpuMs(Contestant.DAYU)).isEqualTo(0.02);
    assertThat(rounds.cpuRatio(Contestant.FLINK)).isEqualTo(0.5);
  }
}
