package io.dayu.sim;

import java.util.List;

/** The page at {@code /}: what there is, with links. */
final class IndexPage {
  private IndexPage() {}

  static String html(List<Camera> cameras, List<Sensor> sensors) {
    var html = new StringBuilder();
    html.append(
        """
        <!doctype html>
        <html lang="en"><meta charset="utf-8"><title>Dayu sim-source</title>
        <style>body{font-family:sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}</style>
        <h1>Simulated sources</h1>
        <table><tr><th>camera<th>stream<th>picture<th>ground truth<th>fps<th>viewers<th>sent<th>skipped
        """);
    for (var camera : cameras) {
      var name = camera.name();
      html.append(
              "<tr><td>%s<td><a href='/%s.mjpeg'>mjpeg</a><td><a href='/%s.jpg'>jpg</a>"
                  .formatted(name, name, name))
          .append(
              "<td><a href='/%s/truth.json'>newest</a> <a href='/%s/truth.ndjson'>recent</a>"
                  .formatted(name, name))
          .append("<td>%s<td>%s".formatted(camera.pace().rate(), camera.counts().viewers().get()))
          .append(
              "<td>%s<td>%s\n"
                  .formatted(camera.counts().sent().sum(), camera.counts().skipped().sum()));
    }
    html.append("</table><table><tr><th>sensor<th>live<th>the first hundred\n");
    for (var sensor : sensors) {
      var name = sensor.name();
      html.append(
              "<tr><td>%s<td><a href='/%s.ndjson'>ndjson</a> <a href='/%s.csv'>csv</a>"
                  .formatted(name, name, name))
          .append(
              "<td><a href='/%s.ndjson?count=100'>ndjson</a> <a href='/%s.csv?count=100'>csv</a>\n"
                  .formatted(name, name));
    }
    return html.append("</table></html>\n").toString();
  }
}
