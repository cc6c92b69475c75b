package io.dayu.log;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** {@code %line}: the message in one line, whatever is quoted in it. Safe for any thread. */
public final class MessageConverter extends ClassicConverter {
  @Override
  public String convert(ILoggingEvent event) {
    return Visible.line(String.valueOf(event.getFormattedMessage()));
  }
}
