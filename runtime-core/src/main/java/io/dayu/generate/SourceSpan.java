package io.dayu.generate;

/**
 * Notes that an element was cut, and from which part of its source.
 *
 * @param from the source's position before it
 * @param to the source's position behind it
 */
public record SourceSpan(long seq, long from, long to, long createdAtMs) {}
