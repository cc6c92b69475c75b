package io.dayu.catalog.video;

import io.dayu.source.Login;
import io.dayu.source.Query;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What the URI of a camera asks for.
 *
 * @param address what the camera is asked for, in ASCII, without our own parameters and login
 * @param user {@code user:password}, if the URI has it
 * @param timeout how long the camera may take for its answer, and for each picture
 */
record CameraRequest(
    URI address,
    Optional<String> user,
    Optional<String> credentials,
    Optional<Duration> every,
    Duration timeout) {
  static final String EVERY = "every";
  static final String TIMEOUT = "timeout";
  private static final String FORMAT = "format=";
  private static final Set<String> SCHEMES = Set.of("http", "https");
  private static final Set<String> FORMATS = Set.of("mjpeg", "mjpg", "jpeg", "jpg");
  private static final List<String> PARAMETERS = List.of(EVERY, TIMEOUT, Login.PARAMETER);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Whether the ending of its path, or {@code format}, says that it is a camera's. */
  static boolean claims(URI uri) {
    if (uri.getScheme() == null || uri.getPath() == null || uri.getHost() == null) return false;
    if (!SCHEMES.contains(uri.getScheme().toLowerCase(Locale.ROOT))) return false;
    var path = uri.getPath().toLowerCase(Locale.ROOT);
    return FORMATS.contains(path.substring(path.lastIndexOf('.') + 1))
        || List.of(Query.raw(uri).toLowerCase(Locale.ROOT).split("&")).stream()
            .anyMatch(p -> p.startsWith(FORMAT) && FORMATS.contains(p.substring(FORMAT.length())));
  }

  /**
   * @throws SourceException permanent, if it cannot be understood
   */
  static CameraRequest of(URI uri) {
    var query = Query.partly(uri, PARAMETERS);
    if (uri.getHost() == null || uri.getPort() > 0xffff)
      throw new SourceException(
          "the camera %s has no valid address".formatted(ShownUri.of(uri)), true, null);
    return new CameraRequest(
        address(uri, query),
        Optional.ofNullable(uri.getUserInfo()),
        query.text(Login.PARAMETER),
        query.duration(EVERY),
        query.duration(TIMEOUT).orElse(PATIENCE));
  }

  private static URI address(URI uri, Query query) {
    var text = uri.toASCIIString().split("[?#]", 2)[0];
    if (uri.getRawUserInfo() != null) text = text.replaceFirst("//[^/]*@", "//");
    var whole = query.others().isEmpty() ? text : text + "?" + String.join("&", query.others());
    return URI.create(URI.create(whole).toASCIIString());
  }

  boolean secure() {
    return address.getScheme().equalsIgnoreCase("https");
  }

  int port() {
    return address.getPort() >= 0 ? address.getPort() : secure() ? 443 : 80;
  }

  /** Without secrets. */
  @Override
  public String toString() {
    return "CameraRequest[%s]".formatted(ShownUri.of(address));
  }
}
