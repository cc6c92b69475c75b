package io.dayu.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HttpLoginTest {
  /** The example of RFC 7616, section 3.9.1. */
  private static final URI MUFASA = URI.create("http://www.example.org/dir/index.html");

  private static final String NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
  private static final String OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
  private static final String CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

  private final HttpLogin login = login("Mufasa:Circle of Life", false);

  @Test
  void digestsAreThoseOfTheStandard() {
    assertThat(answer(asks("SHA-256", "qop=\"auth, auth-int\"")))
        .contains(
            "username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"" + NONCE + "\"",
            "uri=\"/dir/index.html\"",
            "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"",
            "algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"" + CNONCE + "\"",
            "opaque=\"" + OPAQUE + "\"");
    assertThat(answer(asks("MD5", "qop=\"auth, auth-int\"")))
        .contains("response=\"8ca523f5e9506fed4657c9700eebdbec\"", "nc=00000001");
  }

  /** The example of RFC 2069, with its corrected response. */
  @Test
  void aDigestWithoutQopIsThatOfTheOlderStandard() {
    var old = login("Mufasa:CircleOfLife", false);
    assertThat(
            old.retry(
                Optional.empty(),
                List.of(
                    "Digest realm=\"testrealm@host.com\","
                        + " nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"")))
        .isTrue();
    assertThat(old.authorization("GET", MUFASA).orElseThrow())
        .contains("response=\"1949323746fe6a43ef61f9606e7febea\"")
        .doesNotContain("qop", "nc=", "algorithm");
  }

  @Test
  void aNonceIsUsedAgainWithTheNextCountAndReplacedWhenItIsTooOld() {
    var first = asks("SHA-256", "qop=auth");
    assertThat(answer(first)).contains("nc=00000001");
    var again = login.authorization("GET", MUFASA);
    assertThat(again.orElseThrow()).contains("nc=00000002");
    // It was right before, so it is not the password: whether the server says so or not.
    assertThat(login.retry(again, List.of(first.replace(NONCE, "second")))).isTrue();
    var third = login.authorization("GET", MUFASA);
    assertThat(third.orElseThrow()).contains("nonce=\"second\"", "nc=00000001");
    assertThat(login.retry(third, List.of(first + ", stale=TRUE"))).isTrue();
    assertThat(login.retry(login.authorization("GET", MUFASA), List.of(first))).isFalse();
  }

  @Test
  void digestIsChosenWhereBasicIsOfferedToo() {
    assertThat(login.authorization("GET", MUFASA)).isEmpty();
    var both = "Basic realm=\"a, b\", " + asks("MD5", "qop=auth");
    assertThat(login.retry(Optional.empty(), List.of(both))).isTrue();
    assertThat(login.authorization("GET", MUFASA).orElseThrow()).startsWith("Digest ");
    assertThat(login.retry(Optional.empty(), List.of(asks("SHA-3", ""), "basic realm=x"))).isTrue();
    assertThat(login.authorization("GET", MUFASA)).contains("Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl");
  }

  @Test
  void basicIsSentOnce() {
    var eager = login("a:b", true);
    var sent = eager.authorization("GET", MUFASA);
    assertThat(sent).contains("Basic YTpi");
    assertThat(eager.retry(sent, List.of("Basic realm=\"x\""))).isFalse();
    assertThat(eager.retry(sent, List.of())).isFalse();
    assertThat(login.retry(Optional.empty(), List.of())).isTrue();
  }

  @Test
  void aNameBeyondAsciiIsWrittenAsTheStandardSays() {
    var jaesoen = login("J\u00e4s\u00f8n Doe:Secret, or not?", false);
    jaesoen.retry(Optional.empty(), List.of(asks("SHA-512-256", "qop=auth")));
    assertThat(jaesoen.authorization("GET", MUFASA).orElseThrow())
        .contains("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe,");
  }

  @Test
  void aRefusalSaysWhatToDoAndShowsNoPassword() {
    var basic = List.of("Basic realm=\"x\"");
    assertThat(HttpLogin.refusal(false, basic))
        .contains("credentials=NAME", "DAYU_CREDENTIALS_NAME");
    assertThat(HttpLogin.refusal(true, basic)).isEqualTo("it refuses the user or the password");
    assertThat(HttpLogin.refusal(true, List.of("NTLM", "Negotiate abc==")))
        .contains("NTLM, Negotiate");
    assertThat(Login.of("u:secret").orElseThrow()).hasToString("Login[u]");
    assertThat(login.retry(Optional.empty(), List.of("NTLM"))).isFalse();
  }

  private String answer(String challenge) {
    assertThat(login.retry(Optional.empty(), List.of(challenge))).isTrue();
    return login.authorization("GET", MUFASA).orElseThrow();
  }

  private static String asks(String algorithm, String qop) {
    return "Digest realm=\"http-auth@example.org\", %s, algorithm=%s, nonce=\"%s\", opaque=\"%s\""
        .formatted(qop, algorithm, NONCE, OPAQUE);
  }

  private static HttpLogin login(String text, boolean basicFirst) {
    return new HttpLogin(Login.of(text).orElseThrow(), basicFirst, () -> CNONCE);
  }
}
