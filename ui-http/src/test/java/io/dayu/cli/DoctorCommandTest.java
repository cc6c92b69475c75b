package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
  @TempDir private Path dir;

  @Test
  void theDoctorSaysWhatToDo() throws Exception {
    assertThat(DoctorCommand.java(11).grade()).isEqualTo(DoctorCommand.Grade.PROBLEM);
    assertThat(DoctorCommand.java(17).remedy()).isEmpty();
    assertThat(DoctorCommand.memory(100).remedy()).contains("1.5 GB");
    try (var taken = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      var check = DoctorCommand.port(taken.getLocalPort(), "dayu.http.port");
      assertThat(check.grade()).isEqualTo(DoctorCommand.Grade.HINT);
      assertThat(check.found()).contains("in use");
    }
    var setting = Files.writeString(dir.resolve("retries"), "15\n");
    assertThat(DoctorCommand.retries(setting).orElseThrow().remedy()).contains("sysctl");
    assertThat(DoctorCommand.retries(dir.resolve("none"))).isEmpty();
  }
}
