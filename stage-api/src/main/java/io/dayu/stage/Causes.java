package io.dayu.stage;

import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.apache.pekko.actor.ActorInitializationException;
import org.apache.pekko.pattern.AskTimeoutException;

/** The causes of failures, and their words for people. */
public final class Causes {
  /** Of the language's own exceptions those whose message says all. */
  private static final Set<Class<? extends Throwable>> PLAIN =
      Set.of(
          Exception.class,
          RuntimeException.class,
          IllegalArgumentException.class,
          IllegalStateException.class,
          TimeoutException.class);

  private static final int LONGEST = 500;
  private static final Pattern BREAKS = Pattern.compile("\\s*\\R\\s*");

  private Causes() {}

  /**
   * The failure itself, without the exceptions that futures wrap around it, and actors around one
   * while they are made. A future that fails because another one failed wraps its failure, and so
   * does a caller that waits for it, so that the same failure may come wrapped or not.
   */
  public static Throwable of(Throwable error) {
    var cause = error;
    while ((cause instanceof CompletionException
            || cause instanceof ExecutionException
            || cause instanceof ActorInitializationException)
        && cause.getCause() != null) cause = cause.getCause();
    return cause;
  }

  /**
   * A failure in a few words for people: its message, without the names of packages. What the
   * language itself throws has messages that need the name of the class before them, as in {@code
   * ArithmeticException: / by zero}. In one line and cut to 500 characters: reports of a node,
   * which hold them, must not grow by what stands in an input.
   */
  public static String words(Throwable error) {
    return cut(sentence(error));
  }

  /** What is quoted from an input or told by others, in one line and cut to 500 characters. */
  public static String cut(String words) {
    var line = BREAKS.matcher(words).replaceAll(" ");
    if (line.length() <= LONGEST) return line;
    int end = Character.isHighSurrogate(line.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    return line.substring(0, end) + "…";
  }

  private static String sentence(Throwable error) {
    var failure = of(error);
    var message = Objects.requireNonNullElse(failure.getMessage(), "").strip();
    var inner = failure.getCause();
    // So exceptions are called that were given nothing but a cause.
    if (inner != null && inner != failure && message.equals(inner.toString()))
      return sentence(inner);
    if (failure instanceof AskTimeoutException
        || failure instanceof TimeoutException && message.isEmpty())
      return "there was no answer in time";
    if (failure instanceof UnknownHostException)
      return message.isEmpty() ? "there is no such host" : "there is no host " + message;
    if (failure instanceof UnresolvedAddressException) return "there is no such host";
    if (failure instanceof NoSuchFileException) return "there is no file " + message;
    if (failure instanceof AccessDeniedException) return "no right to use " + message;
    var name = failure.getClass().getSimpleName();
    if (message.isEmpty()) return name.isEmpty() ? failure.getClass().getName() : name;
    return needsName(failure) ? name + ": " + message : message;
  }

  private static boolean needsName(Throwable failure) {
    var type = failure.getClass();
    // The message of such a one is a path and nothing else.
    if (failure instanceof FileSystemException file && file.getReason() == null) return true;
    return type.getName().matches("java\\.(lang|util)\\..*") && !PLAIN.contains(type);
  }
}
