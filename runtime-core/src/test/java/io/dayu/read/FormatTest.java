package io.dayu.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class FormatTest {
  /** A source that cannot be read is opened again and again. */
  @Test
  void bytesThatAreNotPackedAreClosed() {
    var closed = new AtomicBoolean();
    var bytes =
        new ByteArrayInputStream(new byte[] {1, 2, 3}) {
          @Override
          public void close() {
            closed.set(true);
          }
        };
    assertThatThrownBy(() -> Format.unpacked(bytes)).isInstanceOf(IOException.class);
    assertThat(closed).isTrue();
  }
}
