package io.dayu.http;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import io.dayu.facts.FailedElements;
import io.dayu.facts.FailureCause;
import io.dayu.facts.NodeReport;
import io.dayu.pipeline.PipelineSpec;
import io.dayu.pipeline.PipelineSpec.Delivery;
import io.dayu.pipeline.PipelineSpec.KeepFailed;
import io.dayu.pipeline.PipelineSpec.Offline;
import io.dayu.pipeline.PipelineSpec.Retain;
import io.dayu.pipeline.StreamName;
import io.dayu.store.Pruner;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The live page in a real browser: Debian's package chromium. */
class LivePageUiIT {
  private static Playwright playwright;
  private static Browser browser;
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private TestServer server;
  private Page page;

  @BeforeAll
  static void startBrowser() {
    playwright = Playwright.create();
    browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(
                        Path.of(
                            Optional.ofNullable(System.getenv("CHROMIUM"))
                                .orElse("/usr/bin/chromium")))
                    .setArgs(
                        List.of(
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-quic",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-sync")));
  }

  @AfterAll
  static void stopBrowser() {
    browser.close();
    playwright.close();
  }

  @BeforeEach
  void open() {
    open("");
    page.navigate(server.base);
  }

  private void open(String config) {
    server = new TestServer(config);
    Street.fill(server.control, Instant.now());
    page = browser.newPage();
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error")) complaints.add(message.text());
        });
    page.onPageError(complaints::add);
  }

  @AfterEach
  void close() {
    page.close();
    server.close();
  }

  @Test
  void nodesAreShownWithTheirLoadAndStages() {
    var row = row("#nodes", "edge-1");
    assertThat(row).containsText("93 %");
    assertThat(row).containsText("detect");
    assertThat(row("#nodes", "cloud-1")).containsText("count");
    assertThat(complaints).isEmpty();
  }

  @Test
  void theLedgerIsShownAndSeenToBalance() {
    var row = row("#ledger", Street.STREAM);
    assertThat(row).containsText("1,250");
    assertThat(row).containsText("✓");
    assertThat(row).containsText("88.2");
  }

  @Test
  void whatIsPrunedIsToldWhereThereIsSuch() {
    assertThat(row("#ledger", Street.STREAM)).isVisible();
    assertThat(page.locator("#pruned")).isHidden();
    var oldest = Instant.now().minus(Duration.ofHours(76));
    server.control.holds(
        new Pruner.Usage(
            1_000,
            2_000,
            Map.of(
                "crossing",
                new Pruner.Pipeline(Duration.ofDays(7), 1_240_000, 12_345, Optional.of(oldest)))));
    assertThat(page.locator("#pruned"))
        .hasText("Pruned: 12,345 of 1,240,000 results, oldest kept: 3.2 d");
    assertThat(page.locator("#pruned")).isVisible();
    assertThat(complaints).isEmpty();
  }

  @Test
  void aFailedElementIsSeenWithItsPictureAndSentAgainByAButton() {
    assertThat(row("#ledger", Street.STREAM)).isVisible();
    assertThat(page.locator("#failed-section")).isHidden();
    var stream = StreamName.parse(Street.STREAM);
    var sent = new AtomicBoolean();
    server.control.keepFailed(
        (node, question) -> {
          if (question instanceof FailedElements.Page)
            return new FailedElements.Items(
                List.of(
                    new FailedElements.Item(
                        17,
                        new FailureCause("detect", "the model is broken"),
                        Instant.now(),
                        Instant.now(),
                        "frames",
                        70_000,
                        0,
                        17,
                        sent.get() ? OptionalLong.of(40) : OptionalLong.empty())),
                false);
          if (question instanceof FailedElements.Part part) {
            var bytes = Street.frame().toByteString();
            return new FailedElements.Bytes(bytes.size(), bytes.substring((int) part.offset()));
          }
          sent.set(true);
          return new FailedElements.Retried(
              new TreeMap<>(Map.of(17L, 40L)), List.of(), List.of(), 17, 17, false);
        });
    var spec = Street.spec("cam-0");
    server.control.run(
        new PipelineSpec(
            spec.name(),
            spec.sources(),
            spec.stages(),
            spec.policy(),
            spec.objective(),
            new Delivery(
                Offline.LOCAL,
                0,
                Retain.AS_CONFIGURED,
                Optional.of(new KeepFailed(Optional.of(10L), Optional.empty())))));
    server.control.report(
        server
            .control
            .view()
            .nodes()
            .get("edge-1")
            .report()
            .withKeptFailed(
                List.of(new NodeReport.KeptFailed(stream, 1, 70_000, 0, 0, Optional.empty()))),
        Instant.now());
    var row = page.locator("#failed tr[data-failed='cam-0/17']");
    assertThat(row).containsText("the model is broken");
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                // An empty canvas is transparent.
                assertThat(
                        page.locator("canvas.thumb")
                            .evaluate(
                                "c => c.width > 100 && c.getContext('2d').getImageData(9, 9, 1, 1).data[3]"))
                    .isEqualTo(255));
    row.getByText("Send again").click();
    assertThat(page.locator("#failed-note")).hasText("1 sent again");
    assertThat(row.locator("button")).isHidden();
    assertThat(row.getByText("is on its way again")).isVisible();
    assertThat(complaints).isEmpty();
  }

  @Test
  void boxesAreDrawnOnTheLatestFrame() {
    await().atMost(Duration.ofSeconds(60)).until(() -> server.control.readers() == 1);
    server.control.store(Street.result(17, true), Optional.of(Street.frame()));
    var canvas = page.locator("canvas[data-stream='" + Street.STREAM + "']");
    assertThat(canvas).isVisible();
    assertThat(page.locator("figcaption")).containsText("#17");
    assertThat(page.locator("figcaption")).containsText("count: person 2, car 1");
    // The tracker's box begins at x = 0.2 and y = 0.45; the street there is grey, the box is not.
    assertThat(saturation(canvas, 0.2, 0.6)).isGreaterThan(60);
    assertThat(saturation(canvas, 0.05, 0.9)).isLessThan(30);
    assertThat(saturation(canvas, 0.1, 0.6)).as("the detector's box is refined").isLessThan(30);
  }

  @Test
  void keptSoundIsDrawnAndCanBePlayed() {
    await().atMost(Duration.ofSeconds(60)).until(() -> server.control.readers() == 1);
    server.control.store(Street.result(17, true), Optional.of(Street.sound()));
    var canvas = page.locator("canvas[data-stream='" + Street.STREAM + "']");
    assertThat(page.locator("figcaption")).containsText("1.0 s of sound");
    assertThat(saturation(canvas, 0.25, 0.3)).as("silence").isZero();
    assertThat(saturation(canvas, 0.75, 0.3)).as("the tone").isGreaterThan(60);
    var player = page.locator("figure button");
    player.click();
    assertThat(player).isVisible();
    server.control.store(Street.result(18, true), Optional.of(Street.frame()));
    assertThat(player).isHidden();
    assertThat(page.locator("figcaption")).containsText("boxes");
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatElseStagesFoundIsDrawnOnTheLatestFrame() {
    await().atMost(Duration.ofSeconds(60)).until(() -> server.control.readers() == 1);
    server.control.store(Street.allKinds(18), Optional.of(Street.frame()));
    var canvas = page.locator("canvas[data-stream='" + Street.STREAM + "']");
    assertThat(page.locator("figcaption")).containsText("plates: plate M AB 123");
    // The frame has no colour here.
    assertThat(saturation(canvas, 0.3, 0.9)).as("the track").isGreaterThan(60);
    assertThat(saturation(canvas, 0.8, 0.2)).as("the text's region").isGreaterThan(60);
    assertThat(saturation(canvas, 0.9, 0.6)).as("the thigh").isGreaterThan(60);
    assertThat(saturation(canvas, 0.95, 0.6)).as("a bone without its point").isLessThan(30);
    assertThat(saturation(canvas, 0.02, 0.6)).as("inside of the mask").isGreaterThan(30);
    assertThat(saturation(canvas, 0.06, 0.6)).as("outside of the mask").isLessThan(30);
    assertThat(saturation(canvas, 0.5535, 0.82)).as("the note below the car").isGreaterThan(60);
    assertThat(complaints).isEmpty();
  }

  @Test
  void aRouteChangeIsHighlightedWithItsReason() {
    var stage = page.locator("#routes tr[data-stage=detect]");
    assertThat(stage).containsText("edge-1");
    assertThat(stage).not().hasClass("moved");
    server.control.decide(
        Street.decision(2, "cloud-1", "edge-1 is at 93 % CPU, cloud-1 at 31 %: detect moves"));
    assertThat(stage).hasClass("moved");
    assertThat(stage).containsText("cloud-1");
    assertThat(stage).containsText("moved from edge-1");
    assertThat(page.locator("#decisions")).containsText("edge-1 is at 93 % CPU");
    assertThat(page.locator("#routes tr[data-stage=track]")).not().hasClass("moved");
  }

  @Test
  void aLostConnectionIsToldAndFoundAgain() {
    assertThat(row("#nodes", "edge-1")).isVisible();
    page.context().setOffline(true);
    assertThat(page.locator("#banner")).containsText("No connection to the server");
    page.context().setOffline(false);
    assertThat(page.locator("#banner")).isHidden();
  }

  @Test
  void aServerWithTokensAsksForOne() {
    close();
    open("dayu.http.tokens = [\"read:" + Tokens.sha256("secret") + "\"]");
    page.navigate(server.base);
    page.locator("#token").fill("secret");
    page.locator("#login button").click();
    assertThat(row("#nodes", "edge-1")).isVisible();
    assertThat(page.locator("#login")).isHidden();
    await().atMost(Duration.ofSeconds(60)).until(() -> server.control.readers() == 1);
    server.control.store(Street.result(1, true), Optional.of(Street.frame()));
    assertThat(page.locator("canvas")).isVisible();
  }

  private Locator row(String table, String text) {
    return page.locator(table + " tbody tr")
        .filter(new Locator.FilterOptions().setHas(page.getByText(text, exact())));
  }

  private static Page.GetByTextOptions exact() {
    return new Page.GetByTextOptions().setExact(true);
  }

  /** How far the brightest channel of a pixel is from the darkest; x and y in fractions. */
  private static int saturation(Locator canvas, double x, double y) {
    return (Integer)
        canvas.evaluate(
            "(c, [x, y]) => { const p = c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data;"
                + " return Math.max(p[0], p[1], p[2]) - Math.min(p[0], p[1], p[2]); }",
            List.of(x, y));
  }
}
