package io.dayu.catalog.video;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Black pictures of any size in few bytes, which cannot be held decoded to be written. */
final class Pngs {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  private Pngs() {}

  static ByteString black(int width, int height) throws IOException {
    var png = new ByteArrayOutputStream();
    png.write(SIGNATURE);
    var head = new ByteArrayOutputStream();
    var out = new DataOutputStream(head);
    out.writeInt(width);
    out.writeInt(height);
    out.write(new byte[] {8, 0, 0, 0, 0}); // grey, eight bits
    chunk(png, "IHDR", head.toByteArray());
    var rows = new ByteArrayOutputStream();
    try (var packed = new DeflaterOutputStream(rows, new Deflater(Deflater.BEST_SPEED), 1 << 16)) {
      var row = new byte[1 + width];
      for (var y = 0; y < height; y++) packed.write(row);
    }
    chunk(png, "IDAT", rows.toByteArray());
    chunk(png, "IEND", new byte[0]);
    return ByteString.copyFrom(png.toByteArray());
  }

  private static void chunk(ByteArrayOutputStream png, String type, byte[] data)
      throws IOException {
    var body = new ByteArrayOutputStream();
    body.write(type.getBytes(StandardCharsets.US_ASCII));
    body.write(data);
    var sum = new CRC32();
    sum.update(body.toByteArray());
    var out = new DataOutputStream(png);
    out.writeInt(data.length);
    body.writeTo(out);
    out.writeInt((int) sum.getValue());
  }
}
