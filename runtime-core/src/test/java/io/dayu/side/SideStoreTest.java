package io.dayu.side;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.SideVersions;
import io.dayu.facts.SideVersions.Change;
import io.dayu.process.Plans;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SideStoreTest {
  private static final ByteString OLD = ByteString.copyFromUtf8("{\"most\": 3}");
  private static final ByteString NEW = ByteString.copyFromUtf8("{\"most\": 4}");
  private static final SideVersions ONE = SideVersions.NONE.next(List.of(change(1, OLD)), Map.of());
  private static final SideVersions TWO = ONE.next(List.of(change(2, NEW)), Map.of());
  private static final List<String> LIMITS = List.of("limits");

  @TempDir private Path dir;

  private static Change change(long number, ByteString json) {
    return new Change("limits", number, SideValues.digest(json), json.size());
  }

  private static List<DesiredPipeline> pipeline(SideVersions side) {
    var spec = Plans.plan(3, List.of(), "detect:reader").spec();
    return List.of(new DesiredPipeline(3, spec).with(side));
  }

  private static final String NAME = pipeline(ONE).get(0).name();

  @Test
  void whatIsMissingIsToldNewestFirstAndAVersionIsHereOnceItsValueIs() throws IOException {
    var store = SideStore.open(dir);
    assertThat(store.learn(pipeline(TWO)))
        .extracting(SideStore.Missing::digest)
        .containsExactly(SideValues.digest(NEW), SideValues.digest(OLD));
    assertThat(store.newest(NAME, LIMITS)).isEmpty();
    var arrival = store.arrival();
    store.put(SideValues.digest(OLD), OLD);
    assertThat(arrival.toCompletableFuture()).isCompleted();
    assertThat(store.newest(NAME, LIMITS)).hasValue(1);
    store.put(SideValues.digest(NEW), NEW);
    assertThat(store.newest(NAME, LIMITS)).hasValue(2);
    assertThat(store.get(NAME, 1, "limits").value()).isEqualTo(Map.of("most", 3));
    assertThat(store.get(NAME, 2, "limits").value()).isEqualTo(Map.of("most", 4));
    assertThat(store.learn(pipeline(TWO))).isEmpty();
  }

  /** Its value may be the one that is known, or another one. */
  @Test
  void aVersionThatWasNotHeardOfIsNotHere() throws IOException {
    var store = SideStore.open(dir);
    store.learn(pipeline(ONE));
    store.put(SideValues.digest(OLD), OLD);
    assertThat(store.has(NAME, 1, LIMITS)).isTrue();
    assertThat(store.has(NAME, 2, LIMITS)).isFalse();
    assertThat(store.has(NAME, 0, LIMITS)).isFalse();
    assertThatThrownBy(() -> store.get(NAME, 2, "limits"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("version 2");
  }

  @Test
  void aNodeThatIsStartedAnewHasWhatItKept() throws IOException {
    var store = SideStore.open(dir);
    store.learn(pipeline(TWO));
    store.put(SideValues.digest(OLD), OLD);
    store.put(SideValues.digest(NEW), NEW);
    var again = SideStore.open(dir);
    assertThat(again.learn(pipeline(TWO))).isEmpty();
    assertThat(again.newest(NAME, LIMITS)).hasValue(2);
  }

  @Test
  void whatIsDamagedIsFetchedAgain() throws IOException {
    SideStore.open(dir).put(SideValues.digest(OLD), OLD);
    Files.writeString(dir.resolve("side").resolve(SideValues.digest(OLD)), "{\"most\":");
    var again = SideStore.open(dir);
    assertThat(again.learn(pipeline(ONE))).hasSize(1);
    assertThat(again.has(NAME, 1, LIMITS)).isFalse();
  }

  @Test
  void whatCameIsNotKeptUnderTheDigestOfSomethingElse() {
    var store = SideStore.open(dir);
    assertThatThrownBy(() -> store.put(SideValues.digest(OLD), NEW))
        .isInstanceOf(IOException.class);
  }

  @Test
  void whatNoVersionNeedsIsRemoved() throws IOException {
    var store = SideStore.open(dir);
    store.learn(pipeline(ONE));
    store.put(SideValues.digest(OLD), OLD);
    store.learn(List.of());
    assertThat(dir.resolve("side")).isEmptyDirectory();
    assertThat(store.has(NAME, 1, LIMITS)).isFalse();
  }

  @Test
  void aStageReadsWhatThePipelineNamesForIt() throws IOException {
    var store = SideStore.open(dir);
    store.learn(pipeline(TWO));
    store.put(SideValues.digest(OLD), OLD);
    store.put(SideValues.digest(NEW), NEW);
    var side = Sides.of(store, NAME, LIMITS);
    var element = Element.newBuilder().setSide(1).build();
    assertThat(side.get(element, "limits").json()).isEqualTo(OLD);
    assertThatThrownBy(() -> side.get(element, "plates")).hasMessageContaining("side: [plates]");
  }
}
