package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.stage.Params;
import io.dayu.stage.StageContext;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** The parameters of a stage as services get them, for each element. Safe for any thread. */
final class ParamsAsJson implements Function<Element, Optional<String>> {
  /** Longer headers many servers refuse. */
  private static final int MOST = 8 << 10;

  private record Written(Params params, Optional<String> json) {}

  private final StageContext context;
  private volatile Written last; // mostly all elements have the same

  /**
   * @throws IllegalArgumentException if they do not fit into a header
   */
  ParamsAsJson(StageContext context) {
    this.context = context;
    this.last = new Written(context.params(), json(context.params()));
  }

  /**
   * @throws IllegalArgumentException if they do not fit into a header
   */
  @Override
  public Optional<String> apply(Element element) {
    var params = context.params(element);
    var known = last;
    if (known.params().equals(params)) return known.json();
    var json = json(params);
    last = new Written(params, json);
    return json;
  }

  private static Optional<String> json(Params params) {
    var values = new TreeMap<>(params.values());
    if (values.isEmpty()) return Optional.empty();
    var json = Json.ascii(values);
    if (json.length() > MOST)
      throw new IllegalArgumentException(
          "its parameters have %s bytes as JSON; a service gets them in a header, of at most %s bytes"
              .formatted(json.length(), MOST));
    return Optional.of(json);
  }
}
