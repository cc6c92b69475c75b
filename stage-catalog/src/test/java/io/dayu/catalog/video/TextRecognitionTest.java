package io.dayu.catalog.video;

import static io.dayu.catalog.Samples.element;
import static io.dayu.catalog.Samples.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.dayu.element.Region;
import io.dayu.stage.testkit.StageTestKit;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class TextRecognitionTest {
  /** Debian's package opencv-doc. */
  private static final Path PACKET = Path.of("/usr/share/doc/opencv-doc/examples/data/box.png");

  private static BufferedImage drawn(int width, int height, Consumer<Graphics2D> draw) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(new Color(200, 210, 190));
    graphics.fillRect(0, 0, width, height);
    graphics.setColor(Color.BLACK);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 32));
    draw.accept(graphics);
    graphics.dispose();
    return image;
  }

  private static List<Region> read(BufferedImage image, Map<String, Object> params)
      throws Exception {
    try (var run = StageTestKit.start(new TextRecognition(), params)) {
      return run.output(element(0, frames(Pictures.jpeg(image)))).getRegions().getRegionList();
    }
  }

  /** What a machine would compare: the model often leaves out spaces. */
  private static List<String> letters(List<Region> regions) {
    return regions.stream().map(r -> r.getText().replace(" ", "")).toList();
  }

  @Test
  void linesAreReadInTheirOrderWithTheirPlaces() throws Exception {
    var image =
        drawn(
            640,
            360,
            g -> {
              g.drawString("Hall 27", 400, 130);
              g.drawString("Monday 8-18 h", 40, 134);
              g.drawString("Ausfahrt freihalten", 40, 60);
              g.setColor(Color.WHITE);
              g.fillRect(200, 220, 190, 46);
              g.setColor(Color.BLACK);
              g.drawString("M AB 123", 210, 254);
            });
    var regions = read(image, Map.of());
    assertThat(letters(regions))
        .containsExactly("Ausfahrtfreihalten", "Monday8-18h", "Hall27", "MAB123");
    assertThat(regions).allMatch(r -> r.getScore() > 0.8 && r.getCornerCount() == 4);
    var plate = regions.get(3);
    assertThat(plate.getCorner(0).getX()).isCloseTo(205 / 640f, offset(0.03f));
    assertThat(plate.getCorner(0).getY()).isCloseTo(226 / 360f, offset(0.04f));
    assertThat(plate.getCorner(2).getY()).isCloseTo(260 / 360f, offset(0.04f));
  }

  @Test
  void tiltedLinesAreReadAndSmallPicturesAreEnlarged() throws Exception {
    var tilted =
        drawn(
            400,
            300,
            g -> {
              g.rotate(Math.toRadians(-20), 200, 150);
              g.drawString("TILTED 42", 110, 160);
            });
    assertThat(letters(read(tilted, Map.of()))).containsExactly("TILTED42");
    var small =
        drawn(
            90,
            24,
            g -> {
              g.setFont(g.getFont().deriveFont(16f));
              g.drawString("M AB 123", 6, 18);
            });
    assertThat(letters(read(small, Map.of()))).containsExactly("MAB123");
  }

  @Test
  void aPhotographOfAPacketIsReadHoweverItLies() throws Exception {
    Assumptions.assumeTrue(
        Files.exists(PACKET), PACKET + " is missing: install the package opencv-doc");
    var lying = ImageIO.read(PACKET.toFile());
    var standing =
        new BufferedImage(
            /* width= */ lying.getHeight(), /* height= */ lying.getWidth(), lying.getType());
    var graphics = standing.createGraphics();
    graphics.rotate(Math.PI / 2, lying.getHeight() / 2.0, lying.getHeight() / 2.0);
    graphics.drawImage(lying, 0, 0, null);
    graphics.dispose();
    for (var image : List.of(lying, standing)) {
      var text = String.join(" ", letters(read(image, Map.of())));
      assertThat(text).contains("PANDUCALE", "BASTONCINI", "CrispAlmondCookies");
    }
  }

  @Test
  void whereNothingIsWrittenNothingIsRead() throws Exception {
    assertThat(read(drawn(320, 240, g -> {}), Map.of())).isEmpty();
    assertThat(read(drawn(1, 1, g -> {}), Map.of())).isEmpty();
  }

  @Test
  void noMoreLinesAreReadThanWanted() throws Exception {
    var image =
        drawn(
            640,
            360,
            g -> {
              g.drawString("first line here", 40, 60);
              g.drawString("no", 40, 160);
            });
    assertThat(letters(read(image, Map.of("lines", 1)))).containsExactly("firstlinehere");
  }
}
