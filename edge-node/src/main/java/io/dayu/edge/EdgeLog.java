package io.dayu.edge;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import io.dayu.log.FailureConverter;
import io.dayu.log.MessageConverter;
import java.util.Map;
import org.slf4j.Logger;

/**
 * The log of an edge: what {@code logback.xml} says for other programs, in Java, because reading
 * one takes an edge a tenth of its start and 4 MB. A file that is on the class path, or that {@code
 * logback.configurationFile} names, is taken in its place. Logback finds it by its service file and
 * calls it once, before the first record.
 */
public final class EdgeLog extends ContextAwareBase implements Configurator {
  /** As in {@code dayu-log.xml}, which other programs include. */
  private static final String PATTERN =
      "%d{HH:mm:ss.SSS} %-5level %logger{24} - %line%n%failure{6}";

  private static final Map<String, Level> LEVELS =
      Map.of(
          "org.apache.pekko", Level.WARN,
          // It calls the serializers that refuse what ends an actor no serializers of its own, for
          // each of some 40 classes.
          "org.apache.pekko.serialization", Level.ERROR,
          // Cloud nodes have one stream more; it calls their handshake a large message that is
          // dropped.
          "org.apache.pekko.remote.artery.ArteryTransport", Level.ERROR,
          // A peer that restarts fills the log with its old compression tables and aborted
          // connections.
          "org.apache.pekko.remote.artery.compress", Level.ERROR,
          "org.apache.pekko.stream.Materializer", Level.ERROR);

  @Override
  public ExecutionStatus configure(LoggerContext log) {
    if (System.getProperty("logback.configurationFile") != null
        || isThere("logback-test.xml")
        || isThere("logback.xml")) return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    var layout = new PatternLayout();
    // Whatever strangers send, a record is one line: it cannot forge another one or command a
    // terminal.
    layout.getInstanceConverterMap().put("line", MessageConverter::new);
    layout.getInstanceConverterMap().put("failure", FailureConverter::new);
    layout.setPattern(PATTERN);
    layout.setContext(log);
    layout.start();
    var encoder = new LayoutWrappingEncoder<ILoggingEvent>();
    encoder.setLayout(layout);
    encoder.setContext(log);
    encoder.start();
    var console = new ConsoleAppender<ILoggingEvent>();
    console.setName("STDOUT");
    console.setEncoder(encoder);
    console.setContext(log);
    console.start();
    LEVELS.forEach((logger, level) -> log.getLogger(logger).setLevel(level));
    var root = log.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.toLevel(System.getenv("DAYU_LOG_LEVEL"), Level.INFO));
    root.addAppender(console);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static boolean isThere(String file) {
    return EdgeLog.class.getClassLoader().getResource(file) != null;
  }
}
