package io.dayu.service;

import io.dayu.element.Element;
import io.dayu.pipeline.StreamName;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A call as a CloudEvent over HTTP. */
final class HttpCall extends ServiceCall {
  private final Body body;

  HttpCall(Element element, Stage stage, Body body, long deadlineNanos) {
    super(element, stage, deadlineNanos);
    this.body = body;
  }

  Body body() {
    return body;
  }

  /** CloudEvents' attributes without their prefix, in the order of the contract. */
  Map<String, Object> attributes(long nowNanos) {
    var attributes = new LinkedHashMap<String, Object>();
    attributes.put("specversion", "1.0");
    attributes.put("type", "io.dayu.element.v1");
    attributes.put("source", source(element().getStream()));
    attributes.put("id", id());
    attributes.put("subject", stage().id());
    attributes.put("time", Instant.ofEpochMilli(element().getCreatedAtMs()).toString());
    attributes.put("dayuseq", element().getSeq());
    attributes.put("dayuattempt", element().getAttempt());
    attributes.put("dayudeadline", Math.max(1, (deadlineNanos() - nowNanos) / 1_000_000));
    params().ifPresent(params -> attributes.put("dayuparams", params));
    if (!sides().isEmpty())
      attributes.put(
          "dayuside",
          sides().entrySet().stream()
              .map(side -> side.getKey() + "=" + side.getValue().digest())
              .collect(Collectors.joining(",")));
    return attributes;
  }

  /** As one event of a batch. */
  Map<String, Object> event(long nowNanos) {
    var event = attributes(nowNanos);
    event.put("datacontenttype", body.header());
    if (body.type() == ContentType.JSON) event.put("data", new Json.Raw(body.bytes()));
    else event.put("data_base64", Base64.getEncoder().encodeToString(body.bytes()));
    return event;
  }

  private static String source(String stream) {
    if (!StreamName.isName(stream)) return "/pipelines/" + encoded(stream);
    var name = StreamName.parse(stream);
    return "/pipelines/" + encoded(name.pipeline()) + "/" + encoded(name.source());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** All calls as one body. */
  static byte[] batch(List<HttpCall> calls, long nowNanos) {
    return Json.bytes(calls.stream().map(call -> call.event(nowNanos)).toList());
  }
}
