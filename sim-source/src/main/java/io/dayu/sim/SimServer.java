package io.dayu.sim;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves simulated cameras and sensors over HTTP, in real time, until it is closed. Pictures are
 * made only while somebody asks for them, in the thread of the one who asks first.
 */
final class SimServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SimServer.class);
  private static final int LOOP_SECONDS = 20;
  private static final int GRACE_SECONDS = 10;
  private static final Pattern CAMERA =
      Pattern.compile("/cam-(\\d{1,4})(\\.mjpeg|\\.jpg|/truth\\.json|/truth\\.ndjson)");
  private static final Pattern SENSOR = Pattern.compile("/sensor-(\\d{1,4})\\.(csv|ndjson)");

  static {
    // Of the JDK's server, read once when it is loaded: no delay for small packets, and no client
    // that never ends its request.
    setDefault("sun.net.httpserver.nodelay", "true");
    setDefault("sun.net.httpserver.maxReqTime", "15");
  }

  private final HttpServer http;
  private final ExecutorService threads = Executors.newCachedThreadPool(SimServer::daemon);
  private final ScheduledExecutorService sweeper =
      Executors.newSingleThreadScheduledExecutor(SimServer::daemon);
  private final Viewers viewers = new Viewers();
  private final List<Camera> cameras;
  private final List<Sensor> sensors;
  private final CameraPages cameraPages = new CameraPages(viewers);
  private final SensorPages sensorPages = new SensorPages(viewers);

  private SimServer(HttpServer http, List<Camera> cameras, List<Sensor> sensors) {
    this.http = http;
    this.cameras = List.copyOf(cameras);
    this.sensors = List.copyOf(sensors);
  }

  /**
   * Listens and serves when it returns.
   *
   * @throws java.net.BindException if the port is taken
   * @throws IOException if the film cannot be read, with its name in the message
   */
  static SimServer start(SimSettings settings) throws IOException {
    var start = Instant.now();
    var cameras = new ArrayList<Camera>();
    for (int i = 0; i < settings.cameras(); i++) {
      cameras.add(camera(settings, i, start));
    }
    var sensors = new ArrayList<Sensor>();
    for (int i = 0; i < settings.sensors(); i++) {
      var pace = new Pace(settings.readingRate(), start, System::nanoTime);
      sensors.add(new Sensor("sensor-" + i, settings.seed(), pace, settings.sensorDay()));
    }
    if (settings.video().isPresent() && !cameras.isEmpty()) {
      // A film that cannot be read is reported now, not to the first viewer.
      var unused = cameras.get(0).footage().jpeg(0);
    }
    var http = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), 64);
    var server = new SimServer(http, cameras, sensors);
    http.createContext("/", server::handle);
    http.setExecutor(server.threads);
    http.start();
    var unused =
        server.sweeper.scheduleWithFixedDelay(server.viewers::endStuck, 5, 5, TimeUnit.SECONDS);
    return server;
  }

  int port() {
    return http.getAddress().getPort();
  }

  List<Camera> cameras() {
    return cameras;
  }

  @Override
  public void close() {
    viewers.close();
    http.stop(0);
    sweeper.shutdownNow();
    threads.shutdownNow();
    // Wait for the viewers: one that asks for a picture would open closed footage again.
    awaitEnd(threads);
    cameras.forEach(c -> c.footage().close());
  }

  private static void awaitEnd(ExecutorService threads) {
    try {
      if (!threads.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("a client is still served after {} s", GRACE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Camera camera(SimSettings settings, int index, Instant start) {
    int loop = (int) Math.max(1, Math.round(LOOP_SECONDS * settings.fps()));
    var footage =
        settings
            .video()
            .<Footage>map(
                v ->
                    new VideoFootage(
                        v, settings.height(), settings.fps(), index / (double) settings.cameras()))
            .orElseGet(
                () -> new GeneratedFootage(settings.seed() + index, settings.height(), loop));
    var pace = new Pace(settings.fps(), start, System::nanoTime);
    return new Camera(
        "cam-" + index, footage, pace, settings.faults().of(index), new Camera.Counts());
  }

  private void handle(HttpExchange exchange) throws IOException {
    try {
      exchange.getRequestBody().close();
      if (!List.of("GET", "HEAD").contains(exchange.getRequestMethod())) {
        throw new Http.Refusal(405, "only GET and HEAD are answered here");
      }
      route(exchange);
      exchange.close();
    } catch (Http.Refusal e) {
      Http.send(exchange, e.status(), "text/plain", e.getMessage() + "\n");
    } catch (InterruptedException e) {
      // Stuck, or the server closes: the exception below makes the server drop the connection.
      throw new IOException("the stream was ended", e);
    } catch (IOException e) {
      log.debug(
          "{} from {} ended: {}",
          exchange.getRequestURI(),
          exchange.getRemoteAddress(),
          e.getMessage());
      throw e;
    } catch (RuntimeException e) {
      log.error("{} failed", exchange.getRequestURI(), e);
      throw e;
    }
  }

  private void route(HttpExchange exchange) throws IOException, InterruptedException {
    var path = exchange.getRequestURI().getPath();
    var camera = CAMERA.matcher(path);
    var sensor = SENSOR.matcher(path);
    if (camera.matches()) {
      camera(exchange, find(cameras, camera, "cam"), camera.group(2));
    } else if (sensor.matches()) {
      sensor(exchange, find(sensors, sensor, "sensor"), sensor.group(2));
    } else if (path.equals("/")) {
      Http.send(exchange, 200, "text/html", IndexPage.html(cameras, sensors));
    } else {
      throw new Http.Refusal(404, "there is no " + path + "; see / for what there is");
    }
  }

  private void camera(HttpExchange exchange, Camera camera, String what)
      throws IOException, InterruptedException {
    switch (what) {
      case ".mjpeg" -> {
        if (streams(exchange, "multipart/x-mixed-replace")) {
          cameraPages.stream(exchange, camera);
        }
      }
      case ".jpg" -> cameraPages.still(exchange, camera);
      case "/truth.json" -> cameraPages.truth(exchange, camera);
      default -> cameraPages.recentTruth(exchange, camera);
    }
  }

  private void sensor(HttpExchange exchange, Sensor sensor, String format)
      throws IOException, InterruptedException {
    if (!streams(exchange, format.equals("csv") ? "text/csv" : "application/x-ndjson")) {
      return;
    }
    if (format.equals("csv")) {
      sensorPages.csv(exchange, sensor);
    } else {
      sensorPages.ndjson(exchange, sensor);
    }
  }

  /** Answers what must not become a stream: HEAD, and one client too many. */
  private boolean streams(HttpExchange exchange, String type) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(200, -1);
      return false;
    }
    if (viewers.count() >= Viewers.MOST) {
      throw new Http.Refusal(
          503,
          "there are "
              + Viewers.MOST
              + " open streams already; close some, or start another sim-source");
    }
    return true;
  }

  private static <T> T find(List<T> all, Matcher match, String kind) {
    int index = Integer.parseInt(match.group(1));
    if (index >= all.size()) {
      throw new Http.Refusal(
          404,
          "there is no "
              + kind
              + "-"
              + index
              + "; there are "
              + all.size()
              + ", numbered from 0 (--"
              + (kind.equals("cam") ? "cameras" : "sensors")
              + ")");
    }
    return all.get(index);
  }

  private static Thread daemon(Runnable task) {
    var thread = new Thread(task, "sim-source");
    thread.setDaemon(true);
    return thread;
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}
