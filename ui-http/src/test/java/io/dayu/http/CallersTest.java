package io.dayu.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.http.Callers.Caller;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CallersTest {
  private final Callers callers = new Callers(new Callers.Bounds(16, 4));
  private final List<String> ended = new ArrayList<>();

  private Optional<Caller> admit(String name, String address) {
    return callers.admit(address(address), () -> ended.add(name));
  }

  private Caller busy(String name, String address) {
    var caller = admit(name, address).orElseThrow();
    caller.known();
    caller.asked(1);
    return caller;
  }

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void theOldestUnknownConnectionOfAnAddressGivesWayToItsNext() {
    var known = admit("known", "10.0.0.1").orElseThrow();
    known.known();
    for (int i = 0; i < 5; i++) assertThat(admit("" + i, "10.0.0.1")).isPresent();
    assertThat(ended).containsExactly("0", "1");
  }

  @Test
  void oneThatWaitsGivesWayBeforeOneThatIsAnswered() {
    admit("asking", "10.0.0.1").orElseThrow().asked(1);
    for (int i = 0; i < 4; i++) admit("" + i, "10.0.0.1");
    assertThat(ended).containsExactly("0");
  }

  @Test
  void knownCallersWithRequestsUnderWayStay() {
    for (int i = 0; i < 4; i++) busy("" + i, "10.0.0.1");
    assertThat(admit("late", "10.0.0.1")).isEmpty();
    assertThat(admit("other", "10.0.0.2")).isPresent();
    assertThat(ended).isEmpty();
  }

  @Test
  void thereIsRoomForThisMachineHoweverManyOthersAreConnected() {
    for (int i = 0; i < 14; i++) busy("" + i, "10.0.0." + i);
    assertThat(admit("remote", "10.0.0.99")).isEmpty();
    assertThat(admit("own", "127.0.0.1")).isPresent();
    assertThat(admit("own", "::1")).isPresent();
  }

  @Test
  void addressesOfOneIpv6NetworkAreOne() {
    for (int i = 0; i < 5; i++) admit("" + i, "2001:db8::" + i);
    assertThat(ended).containsExactly("0");
    admit("other", "2001:db8:0:1::1");
    assertThat(ended).hasSize(1);
  }

  @Test
  void whoLeavesMakesRoom() {
    var all = new ArrayList<Caller>();
    for (int i = 0; i < 4; i++) all.add(busy("" + i, "10.0.0.1"));
    all.get(2).left();
    assertThat(admit("next", "10.0.0.1")).isPresent();
    all.forEach(Caller::left);
    assertThat(callers.size()).isEqualTo(1);
  }
}
