package io.dayu.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.dayu.console.UserException;
import java.util.Optional;

/** An answer of the HTTP interface that is not success, put so that a person can act on it. */
public final class ApiException extends UserException {
  private static final long serialVersionUID = 1L;
  private final int status;

  ApiException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** Renders a problem document (RFC 9457), with the list of problems a pipeline may have. */
  static ApiException of(int status, JsonNode problem) {
    var text = new StringBuilder();
    var title = problem.path("title").asText("The request failed with status " + status);
    text.append(title);
    var detail = problem.path("detail").asText("");
    if (!detail.isEmpty() && !detail.equals(title)) text.append(": ").append(detail);
    int number = 0;
    for (var each : problem.path("problems")) {
      text.append("%n%n  %s. %s%n".formatted(++number, each.path("path").asText("document")));
      text.append("     ").append(indented(each.path("message").asText()));
      remedy(each).ifPresent(r -> text.append("%n     → ".formatted()).append(indented(r)));
    }
    // The list says for each problem what to do; the remedy of the whole adds nothing to it.
    if (number == 0) remedy(problem).ifPresent(r -> text.append("%n→ ".formatted()).append(r));
    else text.append("%n".formatted());
    return new ApiException(status, text.toString());
  }

  private static Optional<String> remedy(JsonNode problem) {
    return Optional.of(problem.path("remedy").asText("")).filter(r -> !r.isEmpty());
  }

  private static String indented(String text) {
    return text.strip().replaceAll("\\R", System.lineSeparator() + "     ");
  }
}
