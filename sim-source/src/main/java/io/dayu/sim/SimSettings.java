package io.dayu.sim;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What a {@link SimServer} serves, checked.
 *
 * @param host address to listen on
 * @param port 0 for any free one
 * @param cameras number of cameras
 * @param fps pictures per second of every camera
 * @param height of the pictures in pixels
 * @param video a film to replay; empty for the generated scene
 * @param seed of scenes and sensors
 * @param faults of the cameras
 * @param sensors number of sensors
 * @param readingRate readings per second of every sensor
 * @param sensorDay seconds of real time in which a sensor's daily curve repeats
 */
record SimSettings(
    String host,
    int port,
    int cameras,
    double fps,
    int height,
    Optional<Path> video,
    long seed,
    Faults.Plan faults,
    int sensors,
    double readingRate,
    double sensorDay) {
  private static final int MOST = 1000;

  SimSettings {
    check(port >= 0 && port <= 65_535, "--port must be 0 to 65535", port);
    check(cameras >= 0 && cameras <= MOST, "--cameras must be 0 to " + MOST, cameras);
    check(fps >= 0.1 && fps <= 120, "--fps must be 0.1 to 120", fps);
    check(
        height >= 90 && height <= 2160 && height % 2 == 0,
        "--height must be an even number from 90 to 2160",
        height);
    check(sensors >= 0 && sensors <= MOST, "--sensors must be 0 to " + MOST, sensors);
    check(
        readingRate >= 0.001 && readingRate <= 1000,
        "--rate must be 0.001 to 1000 readings per second",
        readingRate);
    check(sensorDay >= 1, "--sensor-day must be 1 second or more", sensorDay);
  }

  private static void check(boolean fine, String rule, Object value) {
    if (!fine) {
      throw new IllegalArgumentException(rule + ", not " + value);
    }
  }
}
