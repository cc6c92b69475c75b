package io.dayu.catalog.model;

import io.dayu.catalog.Natives;
import io.dayu.stage.ModelException;
import io.dayu.stage.ModelFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.bytedeco.javacpp.BytePointer;

/**
 * The content of a model's file, outside of the heap, which is small on edges. It is read once and
 * as a whole, so that what was checked is what is loaded, whatever happens to the file meanwhile.
 *
 * @param name as the pipeline says it, for messages
 * @param sha256 of the content, in lower-case hexadecimal digits
 */
public record ModelBytes(String name, BytePointer bytes, String sha256) implements AutoCloseable {
  /**
   * Blocks while it is read.
   *
   * @throws ModelException if it is too large, or cannot be read
   */
  public static ModelBytes read(String name, Path file, ModelFiles models) {
    Natives.openCv(); // lifts JavaCPP's limits before the first pointer
    try (var channel = FileChannel.open(file)) {
      var size = channel.size();
      if (size == 0) throw new ModelException("the model " + name + " is empty; copy it again");
      if (size > models.maxBytes())
        throw new ModelException(
            "the model %s has %s bytes and this node loads %s at most; take a smaller one, or raise dayu.models.max-size"
                .formatted(name, size, models.maxBytes()));
      var bytes = new BytePointer(size);
      try {
        var buffer = bytes.asByteBuffer();
        while (buffer.hasRemaining())
          if (channel.read(buffer) < 0)
            throw new ModelException("the model " + name + " became shorter while it was read");
        var digest = MessageDigest.getInstance("SHA-256");
        digest.update(buffer.flip());
        return new ModelBytes(name, bytes, HexFormat.of().formatHex(digest.digest()));
      } catch (IOException | RuntimeException e) {
        bytes.close();
        throw e;
      }
    } catch (IOException e) {
      throw new ModelException("the model " + name + " cannot be read: " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void close() {
    bytes.close();
  }
}
