package io.dayu.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Records as the rules that nodes include write them. */
final class LogTest {
  private final LoggerContext context = new LoggerContext();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  @BeforeEach
  void start() throws JoranException {
    context.setMDCAdapter(new LogbackMDCAdapter());
    var rules = new JoranConfigurator();
    rules.setContext(context);
    rules.doConfigure(
        new ByteArrayInputStream(
            "<configuration><include resource=\"dayu-log.xml\"/></configuration>"
                .getBytes(StandardCharsets.UTF_8)));
    var encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(context.getProperty("DAYU_LOG_PATTERN"));
    encoder.start();
    var appender = new OutputStreamAppender<ch.qos.logback.classic.spi.ILoggingEvent>();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.setOutputStream(written);
    appender.start();
    context.getLogger("ROOT").addAppender(appender);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void aMessageStaysInItsLine() {
    context
        .getLogger("a")
        .warn("node {} joins", "x\n12:00:00.000 ERROR FORGED\r\u001b[31m\u2028\u202e");
    assertThat(lines()).hasSize(1);
    assertThat(lines()[0])
        .endsWith("node x\\n12:00:00.000 ERROR FORGED\\r\\u001b[31m\\u2028\\u202e joins");
  }

  @Test
  void wordsOfAllLanguagesStayAsTheyAre() {
    context.getLogger("a").warn("Straße\t歩行者 🚲");
    assertThat(lines()[0]).endsWith("Straße\t歩行者 🚲");
  }

  @Test
  void aFailureBeginsNoRecord() {
    var cause = new IllegalStateException("inner\n12:00:00.000 ERROR FORGED");
    context.getLogger("a").warn("failed", new IllegalArgumentException("outer\nFORGED", cause));
    assertThat(lines()[0]).endsWith("failed");
    assertThat(lines()).filteredOn(line -> !line.startsWith("\t")).hasSize(1);
    assertThat(lines()).anyMatch(line -> line.contains("at io.dayu.log.LogTest"));
  }

  @Test
  void aFailureOfManyLinesIsCut() {
    context.getLogger("a").warn("failed", new IllegalStateException("x\n".repeat(100_000)));
    assertThat(lines()).hasSize(101);
  }

  @Test
  void whatIsLongIsCutWithItsLength() {
    context.getLogger("a").warn("x".repeat(100_000));
    assertThat(lines()[0]).hasSizeLessThan(4_200).endsWith("… (100000 characters)");
  }

  private String[] lines() {
    return written.toString(StandardCharsets.UTF_8).split("\n");
  }
}
