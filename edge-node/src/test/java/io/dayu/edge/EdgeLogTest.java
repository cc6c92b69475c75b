package io.dayu.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.JoranException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The log of an edge is that of a cloud node, which is read from files. */
class EdgeLogTest {
  private static final Path CLOUD = Path.of("../cloud-node/src/main/resources/logback.xml");

  @Test
  void recordsAreWrittenAsThoseOfACloudNode() throws JoranException {
    var edge = edge();
    var cloud = cloud();
    var failure = new IllegalStateException("it\nfails");
    for (var message : new String[] {"plain", "two\nlines", "a \u001b[31m terminal"}) {
      assertThat(written(edge, message, failure)).isEqualTo(written(cloud, message, failure));
      assertThat(written(edge, message, null)).hasLineCount(1);
    }
  }

  @Test
  void libraryLevelsAreThoseOfACloudNodeButForOneStreamOfItsOwn() throws JoranException {
    var levels = levels(edge());
    assertThat(levels)
        .contains(entry("ROOT", Level.INFO), entry("org.apache.pekko", Level.WARN))
        .containsEntry("org.apache.pekko.remote.artery.ArteryTransport", Level.ERROR);
    levels.remove("org.apache.pekko.remote.artery.ArteryTransport");
    // A cloud node has libraries that an edge does not have.
    assertThat(levels(cloud())).containsAllEntriesOf(levels);
  }

  private static LoggerContext edge() {
    var log = new LoggerContext();
    var configurator = new EdgeLog();
    configurator.setContext(log);
    assertThat(configurator.configure(log)).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
    return log;
  }

  private static LoggerContext cloud() throws JoranException {
    var log = new LoggerContext();
    var configurator = new JoranConfigurator();
    configurator.setContext(log);
    configurator.doConfigure(CLOUD.toFile());
    return log;
  }

  private static String written(LoggerContext log, String message, Throwable failure) {
    var event =
        new LoggingEvent(
            "caller", log.getLogger("io.dayu.some.Place"), Level.WARN, message, failure, null);
    event.setTimeStamp(0);
    return new String(encoder(log).encode(event), StandardCharsets.UTF_8);
  }

  @SuppressWarnings("unchecked") // each writes events of logback
  private static Encoder<ILoggingEvent> encoder(LoggerContext log) {
    var appender = log.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("STDOUT");
    return ((OutputStreamAppender<ILoggingEvent>) appender).getEncoder();
  }

  private static Map<String, Level> levels(LoggerContext log) {
    return log.getLoggerList().stream()
        .filter(logger -> logger.getLevel() != null)
        .collect(Collectors.toMap(Logger::getName, Logger::getLevel));
  }
}
