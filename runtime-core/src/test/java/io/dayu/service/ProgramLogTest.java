package io.dayu.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgramLogTest {
  private final List<String> logged = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private final ProgramLog log = new ProgramLog(logged::add, nanos::get);

  private void read(String output) {
    log.read(new ByteArrayInputStream(output.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void eachLineIsLoggedTheLastOneToo() {
    read("one\r\ntwo\n\u001b[31mthree");
    assertThat(logged).containsExactly("one", "two", " [31mthree");
  }

  @Test
  void aLongLineIsCut() {
    read("x".repeat(1_000_000) + "\nshort\n");
    assertThat(logged).containsExactly("x".repeat(ProgramLog.LONGEST) + "…", "short");
  }

  @Test
  void moreLinesThanFitIntoASecondAreCounted() {
    read("a\n".repeat(250));
    assertThat(logged).hasSize(101).last().isEqualTo("(150 more lines in a second are left out)");
    nanos.addAndGet(1_000_000_000);
    logged.clear();
    read("b\n");
    assertThat(logged).containsExactly("b");
  }
}
