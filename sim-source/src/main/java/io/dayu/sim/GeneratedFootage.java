package io.dayu.sim;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Scene} as footage. The scene is built at the first use, every frame is drawn and encoded
 * once, at its first use, and served from a temporary file from the second loop on.
 */
final class GeneratedFootage implements Footage {
  private static final Logger log = LoggerFactory.getLogger(GeneratedFootage.class);
  private static final float QUALITY = 0.8f;

  /**
   * Scenes are built one after another, so that many cameras do not hold their photographs at the
   * same time.
   */
  private static final Object BUILDING = new Object();

  private final long seed;
  private final int height;
  private final int loop;
  private Optional<Studio> studio = Optional.empty();

  /** Everything that exists only once somebody watches. */
  private record Studio(Scene scene, BufferedImage frame, FrameCache cache) {}

  /**
   * @param loop frames until the picture repeats
   */
  GeneratedFootage(long seed, int height, int loop) {
    this.seed = seed;
    this.height = height;
    this.loop = loop;
  }

  @Override
  public synchronized byte[] jpeg(long n) throws IOException {
    var studio = studio();
    int index = (int) Math.floorMod(n, (long) loop);
    var kept = studio.cache().get(index);
    if (kept.isPresent()) {
      return kept.get();
    }
    studio.scene().draw(index, studio.frame());
    var jpeg = encode(studio.frame());
    try {
      studio.cache().put(index, jpeg);
    } catch (IOException e) {
      // If the disk is full the frame is drawn again each time.
      log.warn(
          "frame {} is drawn again at every loop: {}; set java.io.tmpdir to a disk with space",
          index,
          e.getMessage());
    }
    return jpeg;
  }

  @Override
  public synchronized Optional<List<TruthBox>> truth(long n) {
    try {
      return Optional.of(studio().scene().truth(n));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    studio.ifPresent(
        s -> {
          try {
            s.cache().close();
          } catch (IOException e) {
            log.debug("closing the frame cache", e);
          }
        });
    studio = Optional.empty();
  }

  private Studio studio() throws IOException {
    if (studio.isEmpty()) {
      Scene scene;
      synchronized (BUILDING) {
        scene = Scene.of(seed, height, loop);
      }
      var frame = new BufferedImage(Scene.width(height), height, BufferedImage.TYPE_INT_RGB);
      studio = Optional.of(new Studio(scene, frame, new FrameCache(loop)));
    }
    return studio.get();
  }

  static byte[] encode(BufferedImage frame) throws IOException {
    var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (var bytes = new ByteArrayOutputStream(128 * 1024);
        var out = ImageIO.createImageOutputStream(bytes)) {
      var param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality(QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(frame, null, null), param);
      out.flush();
      return bytes.toByteArray();
    } finally {
      writer.dispose();
    }
  }
}
