package io.dayu.service;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.net.URI;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.Method;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/** A request that is being made; for one thread. */
final class Request {
  private final URI to;
  private final int length;
  private final ClassicHttpRequest message;
  private Optional<Tls> tls = Optional.empty();

  private Request(Method method, URI to, int length) {
    this.to = to;
    this.length = length;
    this.message = new BasicClassicHttpRequest(method, to);
    header("host", to.getPort() < 0 ? to.getHost() : to.getHost() + ":" + to.getPort());
  }

  static Request get(URI to) {
    return new Request(Method.GET, to, 0);
  }

  static Request post(URI to, byte[] body) {
    return with(Method.POST, to, body);
  }

  static Request put(URI to, byte[] body) {
    return with(Method.PUT, to, body);
  }

  private static Request with(Method method, URI to, byte[] body) {
    var request = new Request(method, to, body.length);
    request.header("content-length", Integer.toString(body.length));
    request.message.setEntity(new ByteArrayEntity(body, null));
    return request;
  }

  /**
   * Adds a header.
   *
   * @throws IllegalArgumentException if the value is not of ASCII that can be seen
   */
  @CanIgnoreReturnValue
  Request header(String name, String value) {
    // The library would send something else in place of such characters.
    for (int i = 0; i < value.length(); i++)
      if (value.charAt(i) < ' ' || value.charAt(i) > '~')
        throw new IllegalArgumentException(
            "the header %s cannot be sent: %s".formatted(name, value));
    message.addHeader(name, value);
    return this;
  }

  URI to() {
    return to;
  }

  /** Makes it over TLS, with this trust. */
  @CanIgnoreReturnValue
  Request over(Optional<Tls> trust) {
    tls = trust;
    return this;
  }

  Optional<Tls> tls() {
    return tls;
  }

  /** Of the body, in bytes. */
  int length() {
    return length;
  }

  ClassicHttpRequest message() {
    return message;
  }
}
