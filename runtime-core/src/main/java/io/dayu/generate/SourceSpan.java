package io.dayu.generate;

/**
 * That an element was cut.
 *
 * @param from the source's position before it
 * @param to the source's position behind it
 */
public record SourceSpan(long seq, long from, long to, long createdAtMs) {}
