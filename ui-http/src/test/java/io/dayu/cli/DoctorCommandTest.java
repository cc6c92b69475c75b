package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.console.Check.Grade;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
  @TempDir private Path dir;

  @Test
  void theDoctorSaysWhatToDo() throws Exception {
    assertThat(DoctorCommand.java(11).grade()).isEqualTo(Grade.PROBLEM);
    assertThat(DoctorCommand.java(17).remedy()).isEmpty();
    assertThat(DoctorCommand.memory(100).remedy()).contains("1.5 GB");
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var check = DoctorCommand.port(taken.getLocalPort(), "dayu.http.port");
      assertThat(check.grade()).isEqualTo(Grade.HINT);
      assertThat(check.found()).contains("in use");
    }
    var setting = Files.writeString(dir.resolve("retries"), "15\n");
    assertThat(DoctorCommand.retries(setting).orElseThrow().remedy()).contains("sysctl");
    assertThat(DoctorCommand.retries(dir.resolve("none"))).isEmpty();
  }

  @Test
  void aPortThatAnswersForOthersThanThisMachineIsTold() throws Exception {
    // Any address but the one where the port listens stands for one that others reach.
    var outside = List.of(InetAddress.getByName("127.0.0.9"));
    try (var everywhere = new ServerSocket(0, 1)) {
      var check = DoctorCommand.exposed(everywhere.getLocalPort(), "dayu.node.data-port", outside);
      assertThat(check.orElseThrow().grade()).isEqualTo(Grade.HINT);
      assertThat(check.orElseThrow().found()).contains("127.0.0.9", "dayu.node.data-port");
      assertThat(check.orElseThrow().remedy()).contains("firewall");
    }
    try (var here = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThat(DoctorCommand.exposed(here.getLocalPort(), "dayu.node.data-port", outside))
          .isEmpty();
    }
  }

  @Test
  void aClusterThatWasNotAskedIsTold() throws Exception {
    assertThat(DoctorCommand.kubernetes(dir, Map.of("KUBECONFIG", dir.resolve("none").toString())))
        .isEmpty();
    var config = Files.createFile(dir.resolve("config"));
    assertThat(DoctorCommand.kubernetes(dir, Map.of("KUBECONFIG", config.toString())))
        .hasValueSatisfying(told -> assertThat(told).contains(config.toString(), "--kube"));
  }
}
