package io.dayu.store;

import java.util.Optional;
import java.util.regex.Pattern;

/** How the address of a shared store is written, and shown: without a password. */
public final class StoreAddress {
  private static final String PREFIX = "jdbc:postgresql:";

  /** What stands before the last {@code @} of an address: a password may hold any character. */
  private static final Pattern USER =
      Pattern.compile("(?i)((?:postgres(?:ql)?:(?://)?)|//)[^\\s\"']*@");

  /** As properties of a URL. */
  private static final Pattern PASSWORD =
      Pattern.compile("(?i)([?&;][^=&;\\s]*password)=[^&;\\s\"']*");

  private StoreAddress() {}

  private static boolean isPostgres(String url) {
    return url.startsWith(PREFIX);
  }

  /**
   * The text, a message for example, with {@code ***} for users and passwords of addresses in it.
   */
  public static String redacted(String text) {
    return PASSWORD.matcher(USER.matcher(text).replaceAll("$1***@")).replaceAll("$1=***");
  }

  /** Why nodes cannot share a store at this address; for people, without a password. */
  public static Optional<String> problem(String url) {
    var address = url.split("\\?", 2)[0];
    if (isPostgres(url) && !address.contains("@")) return Optional.empty();
    return Optional.of(
        "\"%s\" is none; write jdbc:postgresql://host:port/database, with user and password apart (DAYU_STORE_USER, DAYU_STORE_PASSWORD)"
            .formatted(redacted(url)));
  }
}
