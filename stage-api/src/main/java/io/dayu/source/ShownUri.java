package io.dayu.source;

import java.net.URI;
import java.util.regex.Pattern;

/**
 * The text of a source's URI for everything that people see: problems, remedies, status and logs.
 * User and password are left out, and the values of parameters that are named like a secret are
 * hidden. Only the pipeline's document and what is sent to the source itself contain them.
 */
public final class ShownUri {
  private static final String HIDDEN = "***";

  /** A host with or without a port; what else stands there is a login, or the beginning of one. */
  private static final Pattern HOST = Pattern.compile("(\\[[^@]*]|[^:@]*)(:\\d*)?");

  private static final Pattern SECRET =
      Pattern.compile(
          "(?i)([?&;#][^=?&;#]*(?:pass|pwd|secret|token|key|sig|auth|user|usr|login)[^=?&;#]*)=[^&;#]*");

  private ShownUri() {}

  public static String of(URI uri) {
    return of(uri.toString());
  }

  /**
   * @param uri may also be a text that was meant as a URI and is none
   */
  public static String of(String uri) {
    return SECRET.matcher(withoutLogin(uri)).replaceAll("$1=" + HIDDEN);
  }

  private static String withoutLogin(String uri) {
    int begin = uri.indexOf("//") + 2;
    // Up to the last @: a password that is not encoded may hold any of @ / ? #.
    int end = uri.lastIndexOf('@');
    if (begin < 2 || end < begin) return uri;
    var authority = uri.substring(begin).split("[/?#]", 2)[0];
    return HOST.matcher(authority).matches()
        ? uri
        : uri.substring(0, begin) + uri.substring(end + 1);
  }
}
