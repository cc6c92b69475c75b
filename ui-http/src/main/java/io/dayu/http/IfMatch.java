package io.dayu.http;

import io.dayu.facts.DesiredPipeline;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * The header {@code If-Match} of a request that changes a pipeline (RFC 9110): it is carried out
 * only on a pipeline that the caller knows, so that two who change it at once do not undo each
 * other's work. The entity tag of a pipeline is its version.
 *
 * @param present whether there must be a pipeline, of whatever version
 * @param only the versions that are meant; empty for any
 */
record IfMatch(boolean present, Set<Long> only) {
  /** No version: what has another tag than ours, or a weak one, matches nothing. */
  private static final long NONE = -1;

  static String tag(long version) {
    return "\"" + version + "\"";
  }

  static IfMatch of(HttpRequest request) {
    var tags = new HashSet<Long>();
    boolean any = false;
    var headers =
        StreamSupport.stream(request.getHeaders().spliterator(), false)
            .filter(header -> header.lowercaseName().equals("if-match"))
            .map(HttpHeader::value)
            .toList();
    for (var header : headers)
      for (var tag : header.split(",")) {
        if (tag.strip().equals("*")) any = true;
        else tags.add(version(tag.strip()));
      }
    return new IfMatch(any, any ? Set.of() : Set.copyOf(tags));
  }

  private static long version(String tag) {
    if (!tag.matches("\"[0-9]{1,18}\"")) return NONE;
    return Long.parseLong(tag.substring(1, tag.length() - 1));
  }

  /**
   * The versions that are meant, to be checked again where the pipeline is changed; refused if
   * there must be a pipeline and is none.
   */
  CompletionStage<Set<Long>> check(
      CompletionStage<Optional<DesiredPipeline>> pipeline, String name) {
    if (!present) return CompletableFuture.completedStage(only);
    return pipeline.thenApply(
        found -> {
          if (found.isEmpty()) throw differs(name, 0).refused();
          return only;
        });
  }

  /**
   * @param version the present one; 0 if there is no pipeline
   */
  static Problem differs(String name, long version) {
    if (version == 0)
      return Problem.of(
          412,
          "there is no pipeline named %s, and If-Match asks for one".formatted(name),
          "submit it without If-Match");
    return Problem.of(
        412,
        "pipeline %s is at version %s by now, so nothing was changed".formatted(name, version),
        "get it again, look at what has changed, and send your change with If-Match: "
            + tag(version));
  }
}
