package io.dayu.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.dayu.facts.Readable;
import io.dayu.source.SourceException;
import io.dayu.source.Target;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DeclaredAccessTest {
  @TempDir Path dir;
  private Path data;
  private Path secret;
  private DeclaredAccess access;

  @BeforeEach
  void make() throws IOException {
    data = Files.createDirectory(dir.resolve("data"));
    secret = Files.writeString(Files.createDirectory(dir.resolve("home")).resolve("a.csv"), "x");
    access = access(List.of(data.toString()), List.of());
  }

  private static DeclaredAccess access(List<String> files, List<String> hosts) {
    return new DeclaredAccess("edge-1", new Readable(files, hosts));
  }

  private static SourceException refusal(DeclaredAccess access, Target target) {
    return catchThrowableOfType(SourceException.class, () -> access.check(target));
  }

  private SourceException refusal(Path file) {
    return refusal(access, new Target.LocalFile(file));
  }

  @Test
  void aFileBelowADeclaredDirectoryMayBeReadWhetherItIsThereYetOrNot() throws IOException {
    Files.createDirectory(data.resolve("deeper"));
    for (var name : List.of("a.csv", "deeper/b.csv", "not/there/yet.csv", "deeper/../a.csv"))
      assertThatCode(() -> access.check(new Target.LocalFile(data.resolve(name))))
          .as(name)
          .doesNotThrowAnyException();
  }

  @Test
  void aFileElsewhereIsRefusedWithTheKeyToSet() {
    assertThat(refusal(secret))
        .hasMessageContaining("edge-1")
        .hasMessageContaining(secret.toString())
        .hasMessageContaining("dayu.read.files");
    assertThat(refusal(secret).permanent()).isTrue();
    assertThat(refusal(data.resolve("../home/a.csv"))).isNotNull();
    assertThat(refusal(dir.resolve("database.csv"))).as("begins with the same letters").isNotNull();
  }

  @Test
  void aLinkCountsByWhereItLeads() throws IOException {
    assertThat(refusal(Files.createSymbolicLink(data.resolve("link.csv"), secret))).isNotNull();
    Files.createSymbolicLink(data.resolve("folder"), secret.getParent());
    assertThat(refusal(data.resolve("folder/a.csv"))).isNotNull();
    var inside = Files.writeString(data.resolve("a.csv"), "x");
    var shortcut = Files.createSymbolicLink(dir.resolve("shortcut.csv"), inside);
    assertThat(refusal(shortcut)).as("it leads to what is declared").isNull();
  }

  @Test
  void aDeclaredDirectoryMayBeALinkItself() throws IOException {
    var linked = Files.createSymbolicLink(dir.resolve("linked"), data);
    access = access(List.of(linked.toString()), List.of());
    assertThat(refusal(linked.resolve("a.csv"))).isNull();
    assertThat(refusal(data.resolve("a.csv"))).isNull();
  }

  @Test
  void aRefusalDoesNotTellWhetherTheFileExists() {
    var missing = secret.resolveSibling("b.csv");
    assertThat(refusal(missing).getMessage().replace("b.csv", "a.csv"))
        .isEqualTo(refusal(secret).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8080/a.csv,  127.0.0.1:8080,  true",
    "http://127.0.0.1:8081/a.csv,  127.0.0.1:8080,  false",
    "http://localhost:8080/a.csv,  localhost,       true",
    "http://localhost:8080/a.csv,  10.0.0.0/8,      false",
    "http://2130706433/a.csv,      10.0.0.0/8,      false",
    "http://[::1]/a.csv,           127.0.0.0/8,     false",
    "http://[::1]/a.csv,           ::1,             true",
    "mqtt://localhost/a,           localhost:1883,  true",
    "mqtts://localhost/a,          localhost:1883,  false",
    "http://LOCALHOST./a.csv,      localhost,       true",
  })
  void aHostIsReadWhereItsNameOrAllOfItsAddressesAreDeclared(
      String uri, String declared, boolean allowed) {
    var refusal = refusal(access(List.of(), List.of(declared)), Target.of(URI.create(uri)));
    if (allowed) assertThat(refusal).isNull();
    else assertThat(refusal).hasMessageContaining("dayu.read.hosts");
  }

  @Test
  void aNameIsReadWhereAllOfItsAddressesAreDeclared() {
    var target = Target.of(URI.create("http://localhost:8080/a.csv"));
    assertThat(refusal(access(List.of(), List.of("127.0.0.0/8", "::1")), target)).isNull();
    assertThat(refusal(access(List.of(), List.of("10.0.0.0/8", "::1/64")), target)).isNotNull();
  }

  @Test
  void aRefusalDoesNotTellWhichAddressAHostHas() {
    var refusal =
        refusal(
            access(List.of(), List.of("10.0.0.0/8")),
            Target.of(URI.create("http://localhost/a.csv")));
    assertThat(refusal).hasMessageNotContainingAny("127.0.0.1", "::1", "0:0:0");
    assertThat(refusal.permanent()).as("the name may lead elsewhere later").isFalse();
  }

  /** As {@link URI} reads it this names no host, but an HTTP client may take it for 127.0.0.1. */
  @Test
  void anAddressInAnUnusualFormIsRefused() {
    var everywhere = access(List.of(), List.of("127.0.0.0/8"));
    assertThat(refusal(everywhere, Target.of(URI.create("http://127.1/a.csv")))).isNotNull();
  }

  @Test
  void whatNobodyUnderstandsIsRefusedAndWhatReadsNothingIsNot() {
    assertThat(refusal(access, Target.of(URI.create("serial:ttyUSB0")))).isNotNull();
    assertThat(refusal(access, Target.Nothing.INSTANCE)).isNull();
  }

  @Test
  void onlyWhatIsCertainIsRefusedInAdvance() {
    var some = access(List.of(data.toString()), List.of("10.0.0.0/8", "cam.example:80"));
    assertThat(some.refusalInAdvance(new Target.LocalFile(secret))).as("links").isEmpty();
    assertThat(some.refusalInAdvance(new Target.Host("plant.example", 80))).as("name").isEmpty();
    assertThat(some.refusalInAdvance(new Target.Host("192.168.0.1", 80))).isPresent();
    assertThat(some.refusalInAdvance(new Target.Host("cam.example", 80))).isEmpty();
    var none = access(List.of(), List.of("cam.example:80"));
    assertThat(none.refusalInAdvance(new Target.LocalFile(secret))).isPresent();
    assertThat(none.refusalInAdvance(new Target.Host("cam.example", 81))).isPresent();
    assertThat(none.refusalInAdvance(new Target.Host("plant.example", 80))).isPresent();
  }
}
