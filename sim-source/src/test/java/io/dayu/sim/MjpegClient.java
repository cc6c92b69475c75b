package io.dayu.sim;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads the parts of a camera's stream as the specification of multipart says, nothing more
 * lenient.
 */
final class MjpegClient implements AutoCloseable {
  record Part(long number, String timestamp, byte[] jpeg) {}

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private final InputStream in;

  private MjpegClient(InputStream in) {
    this.in = in;
  }

  static MjpegClient open(URI uri) throws IOException, InterruptedException {
    var response =
        CLIENT.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException(
          response.statusCode() + " " + new String(response.body().readAllBytes(), "UTF-8"));
    }
    return new MjpegClient(new BufferedInputStream(response.body()));
  }

  Part next() throws IOException {
    var boundary = line();
    if (!boundary.equals("--dayu-frame")) {
      throw new IOException("not a boundary: " + boundary);
    }
    Map<String, String> headers = new HashMap<>();
    for (var line = line(); !line.isEmpty(); line = line()) {
      var colon = line.indexOf(": ");
      headers.put(line.substring(0, colon), line.substring(colon + 2));
    }
    int length = Integer.parseInt(headers.get("Content-Length"));
    var jpeg = in.readNBytes(length);
    if (jpeg.length < length || !line().isEmpty()) {
      throw new EOFException("the part ends early");
    }
    return new Part(Long.parseLong(headers.get("X-Frame")), headers.get("X-Timestamp"), jpeg);
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the stream ended");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
