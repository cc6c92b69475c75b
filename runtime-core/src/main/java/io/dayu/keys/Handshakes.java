package io.dayu.keys;

import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** What it means for people that two nodes do not agree on keys. */
public final class Handshakes {
  private static final Pattern ALERT =
      Pattern.compile("(?:Received fatal alert|.*fatal alert): (\\w+)");

  private Handshakes() {}

  /**
   * Why keys have ended a connection; empty where it ended for another reason. The text is safe to
   * print.
   */
  public static Optional<String> problem(Throwable error) {
    SSLException tls = null;
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof KeysException || cause instanceof Trust.Refused)
        return Optional.of(String.valueOf(cause.getMessage()));
      if (cause instanceof SSLException found) tls = found;
    }
    return Optional.ofNullable(tls).map(e -> text(String.valueOf(e.getMessage())));
  }

  private static String text(String message) {
    var alert = ALERT.matcher(message);
    if (alert.matches())
      return "the peer does not accept the key of this node (%s); its log says why"
          .formatted(alert.group(1));
    if (message.contains("SSL message"))
      return "the peer does not encrypt; give it keys, too (dayu.keys.directory)";
    if (message.contains("Empty client certificate chain"))
      return "the peer shows no key; give it one (dayu.keys.directory)";
    return "no agreement on encryption: " + Holder.subject(message);
  }
}
