package io.dayu.link;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What a package logs while this is open, DEBUG included; the console is spared it. */
public final class Logs extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
  private final Logger logger;

  private Logs(String name) {
    logger = (Logger) LoggerFactory.getLogger(name);
    setContext(logger.getLoggerContext());
    start();
    logger.setLevel(Level.DEBUG);
    logger.setAdditive(false);
    logger.addAppender(this);
  }

  public static Logs of(Class<?> type) {
    return new Logs(type.getName());
  }

  /** Whether a message at this level has all these words. */
  public boolean has(Level level, String... words) {
    return events.stream()
        .filter(e -> e.getLevel().equals(level))
        .map(ILoggingEvent::getFormattedMessage)
        .anyMatch(m -> List.of(words).stream().allMatch(m::contains));
  }

  /** Messages at INFO and above. */
  public List<String> loud() {
    return events.stream()
        .filter(e -> e.getLevel().isGreaterOrEqual(Level.INFO))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Override
  protected void append(ILoggingEvent event) {
    events.add(event);
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setLevel(null);
    logger.setAdditive(true);
    stop();
  }
}
