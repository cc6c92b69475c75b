package io.dayu.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;

final class NodeMemoryTest {
  @Test
  void allPartsTogetherLeaveAFifthOfTheHeap() {
    long heap = 64 << 20;
    var memory = NodeMemory.of(settings(""), heap);
    long all = memory.all().stream().mapToLong(Budget::limit).sum();
    assertThat(all).isLessThanOrEqualTo(heap * 8 / 10);
    assertThat(memory.sources().limit()).isEqualTo(heap / 100 * 20);
  }

  @Test
  void moreThanThatIsRefusedWithTheSum() {
    assertThatThrownBy(() -> settings("sources = 21"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("dayu.memory")
        .hasMessageContaining("81 %");
  }

  private static MemorySettings settings(String changes) {
    return MemorySettings.from(
        ConfigFactory.parseString(changes)
            .withFallback(ConfigFactory.load().getConfig("dayu.memory")));
  }
}
