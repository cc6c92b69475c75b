package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.http.RequestFraming.Phase;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class RequestFramingTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String POST = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\na\nb\r\n";
  private static final String CHUNKED =
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\na\nb\r\n0\r\nT: 1\r\n\r\n";

  private static String pass(RequestFraming framing, String text) {
    var passed = framing.pass(ByteString.fromString(text, StandardCharsets.ISO_8859_1));
    while (framing.hasMore()) passed = passed.concat(framing.pass(ByteString.emptyByteString()));
    return passed.decodeString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void requestsPassAsTheyAreHoweverTheyAreCut() {
    var text = GET + POST + CHUNKED + GET + CHUNKED + POST + GET;
    for (int first = 0; first < text.length(); first++)
      for (int size : new int[] {1, 7, text.length()}) {
        var framing = new RequestFraming();
        var out = new StringBuilder(pass(framing, text.substring(0, first)));
        for (int at = first; at < text.length(); at += size)
          out.append(pass(framing, text.substring(at, Math.min(text.length(), at + size))));
        assertThat(out.toString()).isEqualTo(text);
        assertThat(framing.heads()).isEqualTo(7);
        assertThat(framing.phase()).isEqualTo(Phase.BETWEEN_REQUESTS);
      }
  }

  @Test
  void oneRequestIsHandedOnAtATime() {
    var framing = new RequestFraming();
    assertThat(framing.pass(ByteString.fromString(GET + POST + GET)).utf8String()).isEqualTo(GET);
    assertThat(framing.pass(ByteString.emptyByteString()).utf8String()).isEqualTo(POST);
    assertThat(framing.pass(ByteString.emptyByteString()).utf8String()).isEqualTo(GET);
    assertThat(framing.hasMore()).isFalse();
  }

  @Test
  void anUnfinishedHeadIsHeldBack() {
    var framing = new RequestFraming();
    assertThat(pass(framing, GET + "GET / HT")).isEqualTo(GET);
    assertThat(framing.phase()).isEqualTo(Phase.IN_HEAD);
    assertThat(pass(framing, "TP/1.1\r\n\r\n")).isEqualTo("GET / HTTP/1.1\r\n\r\n");
  }

  @Test
  void headsThatOthersMayReadInAnotherWayAreRefusedAndNothingFollows() {
    for (var head :
        List.of(
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
            "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\n\tX: a\r\n\r\n",
            "GET / HTTP/1.1\r\nX : a\r\n\r\n",
            "GET / HTTP/1.1\r\nno header\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n")) {
      var framing = new RequestFraming();
      assertThat(pass(framing, GET + head + GET))
          .as(head)
          .startsWith(GET + "GET / HTTP/1.1\r\nHost: localhost\r\n")
          .doesNotContain("X");
      assertThat(framing.refusal()).as(head).isNotNull();
      assertThat(framing.heads()).isEqualTo(2);
      assertThat(pass(framing, GET)).isEmpty();
    }
  }

  @Test
  void aHeadHasABoundInAll() {
    var framing = new RequestFraming();
    pass(framing, "GET / HTTP/1.1\r\n" + "X: 1234567890\r\n".repeat(5000));
    assertThat(framing.refusal()).extracting(Problem::status).isEqualTo(431);
  }

  @Test
  void aChunkThatIsNoneBreaksTheConnection() {
    for (var chunk : List.of("x\r\n", "1\r\nab\r\n", "1\nb", "ffffffffffffffffff\r\n")) {
      var framing = new RequestFraming();
      pass(framing, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
      assertThat(framing.broken()).as(chunk).isTrue();
    }
  }
}
