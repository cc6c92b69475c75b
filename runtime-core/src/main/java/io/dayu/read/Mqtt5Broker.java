package io.dayu.read;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5SubAckException;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5SimpleAuth;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5RetainHandling;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscribe;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAckReasonCode;
import io.dayu.source.Login;
import io.dayu.source.SourceException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** MQTT 5. */
final class Mqtt5Broker implements MqttBroker {
  private final MqttTarget target;
  private final Optional<Login> login;
  private @Nullable Mqtt5AsyncClient client; // null until it is opened

  Mqtt5Broker(MqttTarget target, Optional<Login> login) {
    this.target = target;
    this.login = login;
  }

  @Override
  public CompletionStage<Boolean> open(Consumer<Message> arrived, Consumer<Throwable> lost) {
    var builder =
        Mqtt5Client.builder()
            .identifier(target.client())
            .serverHost(target.host())
            .serverPort(target.port())
            .executorConfig()
            .nettyThreads(1)
            .applyExecutorConfig()
            .addDisconnectedListener(context -> lost.accept(context.getCause()));
    var made = (target.tls() ? builder.sslWithDefaultConfig() : builder).buildAsync();
    client = made;
    made.publishes(MqttGlobalPublishFilter.ALL, publish -> arrived.accept(message(publish)), true);
    var connect =
        Mqtt5Connect.builder()
            .cleanStart(false)
            .sessionExpiryInterval(target.sessionSeconds())
            .keepAlive(KEEP_ALIVE_SECONDS)
            .restrictions()
            .receiveMaximum(target.outstanding())
            .applyRestrictions()
            .simpleAuth(
                login
                    .map(
                        l ->
                            Mqtt5SimpleAuth.builder()
                                .username(l.user())
                                .password(l.password())
                                .build())
                    .orElse(null))
            .build();
    var subscribe =
        Mqtt5Subscribe.builder()
            .addSubscription()
            .topicFilter(target.topic())
            .qos(MqttQos.AT_LEAST_ONCE)
            .retainHandling(Mqtt5RetainHandling.SEND_IF_SUBSCRIPTION_DOES_NOT_EXIST)
            .applySubscription()
            .build();
    return made.connect(connect)
        .thenCompose(
            acknowledged ->
                made.subscribe(subscribe)
                    .thenApply(
                        done -> {
                          var granted = done.getReasonCodes().get(0);
                          MqttSession.subscribed(
                              target, granted != Mqtt5SubAckReasonCode.GRANTED_QOS_0);
                          return acknowledged.isSessionPresent();
                        }));
  }

  @Override
  public void close() {
    if (client == null) return;
    var unused = client.disconnect(); // its failure means that there is no connection
  }

  @Override
  public SourceException failure(Throwable error) {
    if (error instanceof Mqtt5ConnAckException e) {
      var answer = e.getMqttMessage();
      var code = answer.getReasonCode();
      return MqttBroker.refused(
          target,
          "refuses",
          why(code, answer.getServerReference(), answer.getReasonString()),
          refusal(code),
          e);
    }
    if (error instanceof Mqtt5SubAckException e)
      return MqttBroker.notSubscribed(target, e.getMqttMessage().getReasonCodes().get(0), e);
    if (error instanceof Mqtt5DisconnectException e) return ended(e);
    return MqttBroker.lost(target, error);
  }

  private SourceException ended(Mqtt5DisconnectException e) {
    var told = e.getMqttMessage();
    var code = told.getReasonCode();
    return switch (code) {
      case SESSION_TAKEN_OVER ->
          MqttBroker.told(
              target,
              "somebody else connected as %s; give each a name of its own, as in ?client=mine"
                  .formatted(target.client()),
              false,
              e);
      case RECEIVE_MAXIMUM_EXCEEDED ->
          MqttBroker.told(
              target,
              "the broker sent more than outstanding=%s messages ahead, as Mosquitto before 2.0.13 does; allow more, or use version=3"
                  .formatted(target.outstanding()),
              false,
              e);
      default ->
          MqttBroker.refused(
              target,
              "ends",
              why(code, told.getServerReference(), told.getReasonString()),
              refusal(code),
              e);
    };
  }

  private static String why(
      Object code, Optional<MqttUtf8String> server, Optional<MqttUtf8String> words) {
    return Stream.concat(
            Stream.of(code.toString()),
            Stream.concat(
                server.map(s -> "its name is " + Cells.excerpt(s.toString())).stream(),
                words.map(w -> Cells.excerpt(w.toString())).stream()))
        .collect(Collectors.joining(", "));
  }

  private static Refusal refusal(Mqtt5ConnAckReasonCode code) {
    return switch (code) {
      case BAD_USER_NAME_OR_PASSWORD, NOT_AUTHORIZED, BAD_AUTHENTICATION_METHOD, BANNED ->
          Refusal.OF_CREDENTIALS;
      case CLIENT_IDENTIFIER_NOT_VALID, UNSUPPORTED_PROTOCOL_VERSION -> Refusal.OF_CLIENT;
      case USE_ANOTHER_SERVER, SERVER_MOVED -> Refusal.ELSEWHERE;
      default -> Refusal.BUSY;
    };
  }

  private static Refusal refusal(Mqtt5DisconnectReasonCode code) {
    return switch (code) {
      case NOT_AUTHORIZED, BAD_AUTHENTICATION_METHOD -> Refusal.OF_CREDENTIALS;
      case USE_ANOTHER_SERVER, SERVER_MOVED -> Refusal.ELSEWHERE;
      default -> Refusal.BUSY;
    };
  }

  private static Message message(Mqtt5Publish publish) {
    return new Message(
        publish.getTopic().toString(),
        publish.getPayloadAsBytes(),
        publish.isRetain(),
        publish.getQos() != MqttQos.AT_MOST_ONCE,
        publish::acknowledge);
  }
}
