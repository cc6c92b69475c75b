package io.dayu.http;

import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.headers.Accept;

/**
 * What a caller takes for an answer (RFC 9110, 12.5.1). Parameters of a media type, such as the
 * version of a format, are wishes: they never refuse the type itself.
 */
record Accepted(List<Range> ranges) {
  /**
   * @param type {@code main/sub}, where either may be {@code *}
   * @param quality 0 for what is not wanted
   */
  private record Range(String type, float quality) {
    boolean matches(MediaType other) {
      return type.equals("*/*") || type.equals(other.mainType() + "/*") || type.equals(name(other));
    }

    /** 0 for any type, 2 for one by its name. */
    int precision() {
      return type.equals("*/*") ? 0 : type.endsWith("/*") ? 1 : 2;
    }
  }

  Accepted {
    ranges = List.copyOf(ranges);
  }

  static Accepted by(HttpRequest request) {
    return new Accepted(
        StreamSupport.stream(request.getHeaders().spliterator(), false)
            .filter(Accept.class::isInstance)
            .flatMap(h -> StreamSupport.stream(((Accept) h).getMediaRanges().spliterator(), false))
            .map(
                r ->
                    new Range(
                        r.toString().split("[;, ]", 2)[0].toLowerCase(Locale.ROOT), r.qValue()))
            .toList());
  }

  /** How much a type is wanted, 0 to 1: by the ranges that name it most precisely. */
  float quality(MediaType type) {
    if (ranges.isEmpty()) return 1;
    var named =
        ranges.stream().filter(r -> r.matches(type)).mapToInt(Range::precision).max().orElse(-1);
    return (float)
        ranges.stream()
            .filter(r -> r.matches(type) && r.precision() == named)
            .mapToDouble(Range::quality)
            .max()
            .orElse(0);
  }

  private static String name(MediaType type) {
    return (type.mainType() + "/" + type.subType()).toLowerCase(Locale.ROOT);
  }
}
