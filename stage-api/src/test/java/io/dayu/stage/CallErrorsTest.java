package io.dayu.stage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallErrorsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Physical memory usage is too high: physicalBytes (1200M) > maxPhysicalBytes (1024M)",
        "Failed to allocate memory within limits: totalBytes (1G + 256M) > maxBytes (1G)",
        "Cannot allocate new BytePointer(4294967296): totalBytes = 1K, physicalBytes = 90M",
        "Native allocator returned address == 0",
      })
  void memoryThatNativesAreRefusedIsSurvived(String message) {
    assertThat(CallErrors.isSurvivable(new OutOfMemoryError(message))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Java heap space", "GC overhead limit exceeded", "Metaspace"})
  void aFullHeapIsNot(String message) {
    assertThat(CallErrors.isSurvivable(new OutOfMemoryError(message))).isFalse();
    assertThat(CallErrors.isSurvivable(new OutOfMemoryError())).isFalse();
    assertThat(CallErrors.isSurvivable(new InternalError(message))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(classes = {NoClassDefFoundError.class, StackOverflowError.class})
  void whatOneCallMetIsSurvived(Class<? extends Error> error) throws Exception {
    assertThat(CallErrors.isSurvivable(error.getDeclaredConstructor().newInstance())).isTrue();
  }
}
