package io.dayu.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Follows the bytes of one connection from request to request. A head is held back until it is
 * whole, so an unfinished one costs its own bytes and nothing more, and heads that a proxy in front
 * may read in another way than we do are found before anybody reads them: lines that end in LF
 * alone, folded headers, and lengths that are not clear (RFC 9112, sections 2.2, 5.2 and 6.3). For
 * one thread.
 */
final class RequestFraming {
  /** Bytes of a head; the page and the clients send less than 2 KiB, a proxy adds some. */
  static final int LONGEST_HEAD = 32 << 10;

  private static final int LONGEST_LINE_IN_BODY = 8 << 10;

  /** A request that stands for one that is refused; what it asks for is not looked at. */
  private static final byte[] STAND_IN =
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.US_ASCII);

  /** Where the caller is. */
  enum Phase {
    BETWEEN_REQUESTS,
    IN_HEAD,
    IN_BODY
  }

  private enum Part {
    HEAD,
    DATA,
    CHUNK_SIZE,
    CHUNK_END,
    TRAILER,
    /** A refused request, or a chunk that is none: what follows cannot be told apart. */
    REFUSED
  }

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private ByteString later = ByteString.emptyByteString(); // came with what was handed on
  private Part part = Part.HEAD;
  private int lineStart;
  private boolean afterCr;
  private long left; // of DATA
  private boolean chunked;
  private long length = -1; // of the body, -1 as long as no header tells it
  private int heads;
  private @Nullable Problem refusal;
  private boolean broken;

  /**
   * What is handed on of these bytes and those held back; may be empty. It ends with a request: for
   * what comes behind, Pekko's parser calls itself, and a packet full of requests takes its whole
   * stack, which ends the process.
   */
  ByteString pass(ByteString bytes) {
    out.reset();
    var in = later.concat(bytes).toArray();
    int at = 0;
    while (at < in.length && part != Part.REFUSED && !(out.size() > 0 && between()))
      if (part == Part.DATA) {
        int count = (int) Math.min(left, in.length - at);
        out.write(in, at, count);
        at += count;
        left -= count;
        if (left == 0) part = chunked ? Part.CHUNK_END : Part.HEAD;
      } else take(in[at++]);
    later =
        part == Part.REFUSED || at == in.length
            ? ByteString.emptyByteString()
            : ByteString.fromArray(in, at, in.length - at);
    return ByteString.fromArray(out.toByteArray());
  }

  /** Whether more can be handed on without more bytes. */
  boolean hasMore() {
    return later.nonEmpty();
  }

  /** Refuses the request whose head is on its way, and returns what is handed on for it. */
  ByteString refuse(Problem problem) {
    out.reset();
    refuseHead(problem);
    return ByteString.fromArray(out.toByteArray());
  }

  Phase phase() {
    if (part != Part.HEAD) return Phase.IN_BODY;
    return between() ? Phase.BETWEEN_REQUESTS : Phase.IN_HEAD;
  }

  private boolean between() {
    return part == Part.HEAD && held.size() == 0;
  }

  /** Whole heads so far, with the one that was refused. */
  int heads() {
    return heads;
  }

  /** Why the last of the heads is refused; nothing comes after it. */
  @Nullable Problem refusal() {
    return refusal;
  }

  /** Whether a body is in pieces that cannot be told apart. */
  boolean broken() {
    return broken;
  }

  private void take(byte b) {
    if (afterCr != (b == '\n')) {
      refused(
          "a line of the request ends in %s alone".formatted(afterCr ? "CR" : "LF"),
          "end every line of the head with CR LF");
      return;
    }
    afterCr = b == '\r';
    held.write(b);
    if (held.size() > (part == Part.HEAD ? LONGEST_HEAD : LONGEST_LINE_IN_BODY))
      if (part == Part.HEAD)
        refuseHead(
            Problem.of(
                431,
                "the head of the request is longer than %s bytes".formatted(LONGEST_HEAD),
                "send fewer or shorter headers"));
      else broke();
    else if (b == '\n') endOfLine();
  }

  private void endOfLine() {
    var line = held.toString(StandardCharsets.ISO_8859_1).substring(lineStart, held.size() - 2);
    switch (part) {
      case HEAD -> headLine(line);
      case CHUNK_SIZE -> chunkSize(line);
      case CHUNK_END -> {
        if (line.isEmpty()) handOn(Part.CHUNK_SIZE);
        else broke();
      }
      case TRAILER -> handOn(line.isEmpty() ? Part.HEAD : Part.TRAILER);
      case DATA, REFUSED -> throw new IllegalStateException("no lines in " + part);
    }
  }

  private void headLine(String line) {
    if (line.isEmpty() && lineStart == 0) {
      held.reset(); // some clients send an empty line after a body
    } else if (line.isEmpty()) {
      heads++;
      var body = chunked ? Part.CHUNK_SIZE : length > 0 ? Part.DATA : Part.HEAD;
      left = Math.max(0, length);
      length = -1;
      handOn(body);
      if (body == Part.HEAD) chunked = false;
    } else {
      if (lineStart == 0) chunked = false;
      else header(line);
      lineStart = held.size();
    }
  }

  private void header(String line) {
    int colon = line.indexOf(':');
    var name = colon < 0 ? line : line.substring(0, colon);
    if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
      refused("a header is folded over two lines", "write every header in one line");
      return;
    }
    if (colon <= 0 || name.chars().anyMatch(c -> c <= ' ')) {
      refused(
          "a line of the head is no header", "write headers as \"Name: value\", without a blank");
      return;
    }
    var value = line.substring(colon + 1).strip();
    switch (name.toLowerCase(Locale.ROOT)) {
      case "content-length" -> {
        if (length >= 0 || chunked || !value.matches("[0-9]{1,18}")) unclear();
        else length = Long.parseLong(value);
      }
      case "transfer-encoding" -> {
        if (length >= 0 || chunked || !value.equalsIgnoreCase("chunked")) unclear();
        else chunked = true;
      }
      default -> {}
    }
  }

  private void chunkSize(String line) {
    int end = line.indexOf(';');
    var digits = (end < 0 ? line : line.substring(0, end)).strip();
    if (!digits.matches("[0-9a-fA-F]{1,15}")) {
      broke();
      return;
    }
    left = Long.parseLong(digits, 16);
    handOn(left == 0 ? Part.TRAILER : Part.DATA);
  }

  private void handOn(Part next) {
    out.writeBytes(held.toByteArray());
    held.reset();
    lineStart = 0;
    part = next;
  }

  private void unclear() {
    refused(
        "the length of the body is not clear",
        "send one Content-Length, or Transfer-Encoding: chunked");
  }

  private void refused(String detail, String remedy) {
    if (part == Part.HEAD) refuseHead(Problem.of(400, detail, remedy));
    else broke();
  }

  private void refuseHead(Problem problem) {
    refusal = problem;
    heads++;
    held.reset();
    out.writeBytes(STAND_IN);
    part = Part.REFUSED;
  }

  private void broke() {
    broken = true;
    part = Part.REFUSED;
  }
}
