package io.dayu.bench.service;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A service that answers with the bytes it got, as little as a service in Java can be: a thread for
 * each connection, no framework. Elements of a batch it decodes and encodes like any other service.
 */
final class IdentityServer {
  /** Calls at once: enough that the service has the next one when it has answered one. */
  static final int PARALLELISM = 4;

  private static final int BUFFER = 64 << 10;
  private static final JsonFactory JSON = new JsonFactory();

  private final int batch;

  private IdentityServer(int batch) {
    this.batch = batch;
  }

  /** Serves at {@code DAYU_SERVICE_PORT} until the process ends. The argument: elements a call. */
  public static void main(String[] args) throws IOException {
    var server = new IdentityServer(Integer.parseInt(args[0]));
    int port = Integer.parseInt(System.getenv("DAYU_SERVICE_PORT"));
    try (var listener = new ServerSocket(port, 0, InetAddress.getByName("127.0.0.1"))) {
      while (true) {
        var connection = listener.accept();
        connection.setTcpNoDelay(true);
        new Thread(() -> server.serve(connection), "connection").start();
      }
    }
  }

  private record Head(String line, int length, boolean batch) {}

  private void serve(Socket connection) {
    try (connection) {
      var in = new BufferedInputStream(connection.getInputStream(), BUFFER);
      var out = connection.getOutputStream();
      while (true) {
        var line = line(in);
        if (line.isEmpty()) return; // the node has left
        var head = head(line, in);
        if (head.line().startsWith("POST / ")) {
          if (head.batch())
            answer(out, 200, "application/json", batch(in.readNBytes(head.length())));
          else echo(in, out, head.length());
        } else if (head.line().startsWith("GET /.well-known/dayu-stage ")) {
          answer(out, 200, "application/json", description().getBytes(StandardCharsets.UTF_8));
        } else answer(out, 404, "text/plain", new byte[0]);
      }
    } catch (IOException e) {
      System.err.println("a connection broke off: " + e);
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder(64);
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read())
      if (c != '\r') line.append((char) c);
    return line.toString();
  }

  private static Head head(String line, InputStream in) throws IOException {
    int length = 0;
    boolean batch = false;
    for (var header = line(in); !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      var name = header.substring(0, colon).toLowerCase(Locale.ROOT);
      if (name.equals("content-length"))
        length = Integer.parseInt(header.substring(colon + 1).strip());
      else if (name.equals("content-type")) batch = header.contains("cloudevents-batch");
    }
    return new Head(line, length, batch);
  }

  /** The body is read to where it is sent from. */
  private static void echo(InputStream in, OutputStream out, int length) throws IOException {
    var head = head(200, "application/octet-stream", length);
    var answer = new byte[head.length + length];
    System.arraycopy(head, 0, answer, 0, head.length);
    if (in.readNBytes(answer, head.length, length) < length)
      throw new IOException("the body ended before its length");
    out.write(answer);
  }

  private static void answer(OutputStream out, int status, String type, byte[] body)
      throws IOException {
    var answer = new ByteArrayOutputStream(body.length + 128);
    answer.write(head(status, type, body.length));
    answer.write(body);
    answer.writeTo(out);
  }

  private static byte[] head(int status, String type, int length) {
    return "HTTP/1.1 %s %s\r\ncontent-type: %s\r\ncontent-length: %s\r\n\r\n"
        .formatted(status, status == 200 ? "OK" : "Not Found", type, length)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] batch(byte[] events) throws IOException {
    var body = new ByteArrayOutputStream(events.length);
    try (var in = JSON.createParser(events);
        var out = JSON.createGenerator(body)) {
      in.nextToken();
      out.writeStartArray();
      while (in.nextToken() == JsonToken.START_OBJECT) {
        var id = "";
        var bytes = new byte[0];
        while (in.nextToken() == JsonToken.FIELD_NAME) {
          var field = in.currentName();
          in.nextToken();
          if (field.equals("id")) id = in.getText();
          else if (field.equals("data_base64")) bytes = in.getBinaryValue();
          else in.skipChildren();
        }
        out.writeStartObject();
        out.writeStringField("id", id);
        out.writeObjectFieldStart("output");
        out.writeStringField("type", "opaque");
        out.writeBinaryField("opaque", bytes);
        out.writeEndObject();
        out.writeEndObject();
      }
      out.writeEndArray();
    }
    return body.toByteArray();
  }

  private String description() {
    return """
        {"apiVersion": "dayu.io/v1alpha1", "description": "Answers with the bytes it got",
         "payload": ["opaque"], "output": "opaque", "accepts": ["application/octet-stream"],
         "parallelism": %s, "batch": %s}
        """
        .formatted(PARALLELISM, batch);
  }
}
