package io.dayu.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;

/**
 * {@code %failure}: a stack trace whose messages cannot be taken for records of the log. Safe for
 * any thread.
 */
public final class FailureConverter extends ThrowableProxyConverter {
  @Override
  protected String throwableProxyToString(IThrowableProxy failure) {
    return Visible.block(super.throwableProxyToString(failure));
  }
}
