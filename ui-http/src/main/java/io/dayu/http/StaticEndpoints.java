package io.dayu.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;

import io.dayu.http.Tokens.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;

/** What is served as it lies in the jar: the live page, and the description of the API. */
final class StaticEndpoints {
  private StaticEndpoints() {}

  static List<Endpoint> endpoints() {
    return List.of(
        of("/", "page/index.html", text(MediaTypes.TEXT_HTML)),
        of("/page.css", "page/page.css", text(MediaTypes.TEXT_CSS)),
        of("/page.js", "page/page.js", text(MediaTypes.APPLICATION_JAVASCRIPT)),
        of("/canvas.js", "page/canvas.js", text(MediaTypes.APPLICATION_JAVASCRIPT)),
        of("/sound.js", "page/sound.js", text(MediaTypes.APPLICATION_JAVASCRIPT)),
        of("/api.js", "page/api.js", text(MediaTypes.APPLICATION_JAVASCRIPT)),
        of("/icon.svg", "page/icon.svg", MediaTypes.IMAGE_SVG_XML.toContentType()),
        of("/api/v1/openapi.json", "openapi.json", MediaTypes.APPLICATION_JSON.toContentType()));
  }

  private static ContentType text(MediaType.WithOpenCharset type) {
    return type.toContentType(HttpCharsets.UTF_8);
  }

  /** Nothing here is secret: the page asks for data with the visitor's own token. */
  private static Endpoint of(String path, String resource, ContentType type) {
    var response =
        HttpResponse.create()
            .withEntity(type, resource(resource))
            .addHeader(RawHeader.create("Cache-Control", "no-cache"));
    return new Endpoint(
        GET,
        path,
        Role.NOBODY,
        type.mediaType(),
        call -> CompletableFuture.completedFuture(response));
  }

  private static ByteString resource(String name) {
    try (var in = StaticEndpoints.class.getResourceAsStream(name)) {
      if (in == null) throw new IllegalStateException("not in the jar: io/dayu/http/" + name);
      return ByteString.fromArrayUnsafe(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
