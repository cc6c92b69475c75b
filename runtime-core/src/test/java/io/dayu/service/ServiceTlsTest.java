package io.dayu.service;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Text;
import io.dayu.pipeline.Catalog;
import io.dayu.service.TestAuthority.Identity;
import io.dayu.service.wire.Reply;
import io.dayu.settings.ConfigurationException;
import io.dayu.stage.Outcome;
import io.dayu.stage.Params;
import io.dayu.stage.StageContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Services that are called over TLS, over HTTP and over gRPC. */
class ServiceTlsTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration WEEK = Duration.ofDays(7);
  private static final Catalog EMPTY = new Catalog(List.of(), List.of(), List.of());
  private static final String HERE = "127.0.0.1";

  @TempDir Path dir;
  private final List<AutoCloseable> open = new ArrayList<>();
  private TestAuthority authority;

  @BeforeEach
  void begin() throws Exception {
    authority = new TestAuthority("ours");
  }

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) open.get(i).close();
  }

  private <T extends AutoCloseable> T closed(T resource) {
    open.add(resource);
    return resource;
  }

  /** A service that answers with no label; its port. */
  private int serve(Transport transport, Identity identity) throws Exception {
    if (transport == Transport.GRPC) {
      var server = closed(TestGrpcService.start(identity));
      server.work =
          (stream, calls) ->
              calls
                  .getCallList()
                  .forEach(call -> stream.reply(call, Reply.newBuilder().setSkip("seen")));
      return server.port();
    }
    var server = closed(TestService.start(identity));
    server.work =
        exchange -> {
          exchange.getResponseHeaders().set("dayu-reason", "seen");
          TestService.answer(exchange, 204, "text/plain", "");
        };
    return server.port();
  }

  private Service<?> service(Transport transport, int port, Path ca) {
    var scheme = transport == Transport.GRPC ? "grpcs" : "https";
    return declared(
        transport, "url = \"%s://%s:%s\"\n ca = \"%s\"".formatted(scheme, HERE, port, ca));
  }

  private Service<?> declared(Transport transport, String more) {
    var settings =
        ServiceSettingsTest.settings(
            "services.count { transport = %s\n %s }".formatted(transport.word(), more));
    return closed(Services.start(settings, EMPTY, dir)).service("count");
  }

  private static Outcome call(Service<?> service) throws Exception {
    var payload = Media.newBuilder().setText(Text.newBuilder().addLine("a line"));
    var element = Element.newBuilder().setStream("p/s").setSeq(1).setPayload(payload).build();
    var stage =
        ServiceCall.Stage.of(new StageContext("p", "count-1", "edge-1", new Params(Map.of())));
    return service
        .call(element, stage)
        .toCompletableFuture()
        .get(SOON.toSeconds(), TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void oneWhoseAuthorityIsNamedIsCalled(Transport transport) throws Exception {
    int port = serve(transport, authority.identity(GeneralName.iPAddress, HERE, WEEK));
    var service = service(transport, port, authority.file(dir));
    Awaitility.await().atMost(SOON).until(service::isDescribed);
    for (int i = 0; i < 3; i++) assertThat(call(service)).isEqualTo(new Outcome.Skip("seen"));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void oneOfAnotherNameIsNot(Transport transport) throws Exception {
    int port = serve(transport, authority.identity(GeneralName.dNSName, "models.example", WEEK));
    refused(service(transport, port, authority.file(dir)), "its certificate is not for 127.0.0.1");
  }

  /** Nor one of an authority that has only the name of ours, as one that was made anew. */
  @ParameterizedTest
  @CsvSource({"HTTP, theirs", "HTTP, ours", "GRPC, theirs", "GRPC, ours"})
  void oneOfAnAuthorityThatNobodyKnowsIsNot(Transport transport, String name) throws Exception {
    int port =
        serve(transport, new TestAuthority(name).identity(GeneralName.iPAddress, HERE, WEEK));
    refused(
        service(transport, port, authority.file(dir)),
        "signed by no authority that this node trusts; give the authority's certificate as ca");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void oneWhoseCertificateHasExpiredIsNot(Transport transport) throws Exception {
    var expired = authority.identity(GeneralName.iPAddress, HERE, Duration.ofDays(-1));
    int port = serve(transport, expired);
    refused(service(transport, port, authority.file(dir)), "its certificate has expired");
  }

  @Test
  void oneThatSpeaksNoTlsIsToldSo() throws Exception {
    var server = closed(new ServerSocket(0, 50, InetAddress.getByName(HERE)));
    var answering = new Thread(() -> answer(server), "no-tls");
    answering.setDaemon(true);
    answering.start();
    refused(
        service(Transport.HTTP, server.getLocalPort(), authority.file(dir)),
        "it does not speak TLS");
  }

  /** Its calls wait, and lose no try. */
  @Test
  void oneThatTakesConnectionsAndSaysNothingIsLikeOneThatIsNotThere() throws Exception {
    var identity = authority.identity(GeneralName.iPAddress, HERE, WEEK);
    var first = TestService.start(identity);
    int port = first.port();
    var service = service(Transport.HTTP, port, authority.file(dir));
    Awaitility.await().atMost(SOON).until(service::isDescribed);
    first.close();
    CompletableFuture<Outcome> waiting;
    try (var frozen = new ServerSocket(port, 50, InetAddress.getByName(HERE))) {
      waiting = CompletableFuture.supplyAsync(() -> called(service));
      Awaitility.await().atMost(SOON).until(() -> !service.problem().isEmpty());
      assertThat(frozen.isBound()).isTrue();
    }
    var back = closed(TestService.start(port, identity));
    back.work = exchange -> TestService.answer(exchange, 204, "text/plain", "");
    assertThat(waiting.get(SOON.toSeconds(), TimeUnit.SECONDS)).isInstanceOf(Outcome.Skip.class);
  }

  private static void answer(ServerSocket server) {
    while (!server.isClosed())
      try (var socket = server.accept()) {
        if (socket.getInputStream().read() >= 0)
          socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
      } catch (IOException e) {
        continue; // the next connection, or the test is over
      }
  }

  private static Outcome called(Service<?> service) {
    try {
      return call(service);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void refused(Service<?> service, String why) {
    Awaitility.await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(service.problem()).contains(why));
    assertThat(service.isDescribed()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "url = \"https://127.0.0.1/\", ca = \"DIR/none.pem\" | none.pem cannot be read",
        "url = \"https://127.0.0.1/\", ca = \"DIR/empty.pem\" | empty.pem has no certificate",
        "url = \"https://127.0.0.1/\", ca = \"DIR/bad.pem\" | bad.pem has no certificate that can be read",
        "url = \"http://127.0.0.1/\", ca = \"DIR/bad.pem\" | ca is for a url over TLS",
        "url = \"unix:/run/x.sock\", transport = grpc, ca = \"DIR/bad.pem\" | ca is for a url over TLS",
        "command = [x], ca = \"DIR/bad.pem\" | ca is for a url over TLS",
      })
  void authoritiesThatCannotBeUsedAreSaid(String declaration, String expected) throws Exception {
    Files.createFile(dir.resolve("empty.pem"));
    Files.writeString(
        dir.resolve("bad.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    var text = "services.a { %s }".formatted(declaration.replace("DIR", dir.toString()));
    assertThatThrownBy(() -> ServiceSettingsTest.settings(text))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("dayu.services.a.ca")
        .hasMessageContaining(expected);
  }
}
