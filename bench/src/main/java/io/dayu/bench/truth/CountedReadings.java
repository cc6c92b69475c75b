package io.dayu.bench.truth;

import io.dayu.element.Reading;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import java.util.zip.CRC32;

/**
 * Readings made from a sensor's name and an index alone, so that whoever knows both knows all of a
 * reading: {@code value} is the index, {@code unit} is filled with letters.
 */
public final class CountedReadings {
  private static final long FIRST_AT = 1_700_000_000_000L;
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz012345";

  private CountedReadings() {}

  /**
   * @param bytes of its text
   */
  public static Reading reading(String sensor, long index, int bytes) {
    var random = new Random(31L * sensor.hashCode() + index);
    var text = new StringBuilder(bytes);
    for (int i = 0; i < bytes; i++) text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    return Reading.newBuilder()
        .setSensor(sensor)
        .setAtMs(FIRST_AT + index)
        .setValue(index)
        .setUnit(text.toString())
        .build();
  }

  /** Of everything in a reading. The one that Python has, too. */
  public static String checksum(Reading reading) {
    var crc = new CRC32();
    crc.update(reading.getSensor().getBytes(StandardCharsets.UTF_8));
    crc.update(
        ByteBuffer.allocate(16).putLong(reading.getAtMs()).putDouble(reading.getValue()).flip());
    crc.update(reading.getUnit().getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }

  /** A line of a file of readings. */
  static String json(Reading reading) {
    return "{\"sensor\":\"%s\",\"at\":%s,\"value\":%s,\"unit\":\"%s\"}"
        .formatted(
            reading.getSensor(), reading.getAtMs(), (long) reading.getValue(), reading.getUnit());
  }
}
