package io.dayu.read;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.exceptions.Mqtt3ConnAckException;
import com.hivemq.client.mqtt.mqtt3.exceptions.Mqtt3SubAckException;
import com.hivemq.client.mqtt.mqtt3.message.auth.Mqtt3SimpleAuth;
import com.hivemq.client.mqtt.mqtt3.message.connect.Mqtt3Connect;
import com.hivemq.client.mqtt.mqtt3.message.connect.connack.Mqtt3ConnAckReturnCode;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.Mqtt3Subscribe;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.suback.Mqtt3SubAckReturnCode;
import io.dayu.source.Login;
import io.dayu.source.SourceException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * MQTT 3.1.1. How many messages are sent ahead of acknowledgements, and how long a session is kept,
 * are the broker's settings in this version.
 */
final class Mqtt3Broker implements MqttBroker {
  private final MqttTarget target;
  private final Optional<Login> login;
  private @Nullable Mqtt3AsyncClient client; // null until it is opened

  Mqtt3Broker(MqttTarget target, Optional<Login> login) {
    this.target = target;
    this.login = login;
  }

  @Override
  public CompletionStage<Boolean> open(Consumer<Message> arrived, Consumer<Throwable> lost) {
    var builder =
        Mqtt3Client.builder()
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
        Mqtt3Connect.builder()
            .cleanSession(false)
            .keepAlive(KEEP_ALIVE_SECONDS)
            .simpleAuth(
                login
                    .map(
                        l ->
                            Mqtt3SimpleAuth.builder()
                                .username(l.user())
                                .password(l.password())
                                .build())
                    .orElse(null))
            .build();
    var subscribe =
        Mqtt3Subscribe.builder().topicFilter(target.topic()).qos(MqttQos.AT_LEAST_ONCE).build();
    return made.connect(connect)
        .thenCompose(
            acknowledged ->
                made.subscribe(subscribe)
                    .thenApply(
                        done -> {
                          var granted = done.getReturnCodes().get(0);
                          MqttSession.subscribed(
                              target, granted != Mqtt3SubAckReturnCode.SUCCESS_MAXIMUM_QOS_0);
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
    if (error instanceof Mqtt3ConnAckException e) {
      var code = e.getMqttMessage().getReturnCode();
      return MqttBroker.refused(target, "refuses", code.toString(), refusal(code), e);
    }
    if (error instanceof Mqtt3SubAckException e)
      return MqttBroker.notSubscribed(target, e.getMqttMessage().getReturnCodes().get(0), e);
    return MqttBroker.lost(target, error);
  }

  private static Refusal refusal(Mqtt3ConnAckReturnCode code) {
    return switch (code) {
      case BAD_USER_NAME_OR_PASSWORD, NOT_AUTHORIZED -> Refusal.OF_CREDENTIALS;
      case IDENTIFIER_REJECTED, UNSUPPORTED_PROTOCOL_VERSION -> Refusal.OF_CLIENT;
      default -> Refusal.BUSY;
    };
  }

  private static Message message(Mqtt3Publish publish) {
    return new Message(
        publish.getTopic().toString(),
        publish.getPayloadAsBytes(),
        publish.isRetain(),
        publish.getQos() != MqttQos.AT_MOST_ONCE,
        publish::acknowledge);
  }
}
