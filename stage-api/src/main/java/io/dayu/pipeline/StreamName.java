package io.dayu.pipeline;

import java.util.Objects;

/**
 * How the stream of one source is called in the whole cluster. As text {@code <pipeline>/<source>};
 * that text is in every element, in messages between nodes, in files and in the store. Ordered by
 * its text.
 *
 * @param pipeline name of the pipeline; neither empty nor with a slash
 * @param source name of the source within the pipeline; neither empty nor with a slash
 */
public record StreamName(String pipeline, String source) implements Comparable<StreamName> {
  public StreamName {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(source, "source");
    if (!isPart(pipeline) || !isPart(source)) throw noName(text(pipeline, source));
  }

  /**
   * The inverse of {@link #toString}.
   *
   * @throws IllegalArgumentException if the text is not the name of a stream
   */
  public static StreamName parse(String text) {
    if (!isName(text)) throw noName(text);
    int slash = text.indexOf('/');
    return new StreamName(text.substring(0, slash), text.substring(slash + 1));
  }

  /** Whether {@link #parse} takes the text; cheap enough to be asked of every element. */
  public static boolean isName(String text) {
    int slash = text.indexOf('/');
    return slash > 0 && slash < text.length() - 1 && text.indexOf('/', slash + 1) < 0;
  }

  private static boolean isPart(String text) {
    return !text.isEmpty() && text.indexOf('/') < 0;
  }

  private static IllegalArgumentException noName(String text) {
    return new IllegalArgumentException(
        "the name of a stream is <pipeline>/<source>, was " + Words.quote(text));
  }

  private static String text(String pipeline, String source) {
    return pipeline + "/" + source;
  }

  @Override
  public int compareTo(StreamName other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return text(pipeline, source);
  }
}
