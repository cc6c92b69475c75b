package io.dayu.facts;

import java.util.regex.Pattern;

/** What a node may be called. */
public final class NodeName {
  private static final Pattern NAME =
      Pattern.compile("[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?");

  private NodeName() {}

  /** Whether it is 1 to 63 letters, digits and dashes, no dash at an end. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }
}
