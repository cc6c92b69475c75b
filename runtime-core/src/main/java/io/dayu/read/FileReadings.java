package io.dayu.read;

import io.dayu.element.MediaType;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.ShownUri;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Readings from a CSV or NDJSON file of the node: {@code file:weather.csv?loop=true}. Columns are
 * {@code sensor,at,value,unit}; other names are given as {@code ?at=time&value=celsius}. Without a
 * sensor column the file's name is the sensor. {@code at} is ISO 8601 (UTC if no zone is given) or
 * milliseconds since 1970. A position is the number of readings before it.
 */
public final class FileReadings implements SourceProvider {
  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "readings",
        "Readings of sensors from a CSV or NDJSON file",
        MediaType.READINGS,
        ReadingStream.KNOBS,
        false,
        Repeat.EXACT,
        "file:/data/weather.csv?loop=true");
  }

  @Override
  public boolean claims(URI uri) {
    return (uri.getScheme() == null || uri.getScheme().equalsIgnoreCase("file"))
        && Records.claims(path(uri));
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      var parameters = new ArrayList<>(Columns.PARAMETERS);
      parameters.add("loop");
      var query = Query.of(context.uri(), parameters);
      var file = Path.of(path(context.uri())).toAbsolutePath();
      var columns = Columns.of(query, sensor(file.getFileName().toString()));
      return ReadingStream.of(
          "file " + file, context, query.flag("loop"), () -> open(file, columns));
    } catch (SourceException e) {
      return Source.failed(e);
    } catch (InvalidPathException e) {
      return Source.failed(
          new SourceException(
              "source %s is not a path".formatted(ShownUri.of(context.uri())), true, e));
    }
  }

  /** The name of a file without its ending. */
  static String sensor(String file) {
    return file.substring(0, Math.max(file.lastIndexOf('.'), 0));
  }

  private static Records open(Path file, Columns columns) throws IOException, Records.BrokenRecord {
    if (!Files.isRegularFile(file) || !Files.isReadable(file))
      throw new SourceException(
          "file %s %s on this node; correct the uri or the source's node"
              .formatted(file, Files.exists(file) ? "cannot be read" : "does not exist"),
          true,
          null);
    return Records.open(
        file.toString(), new BufferedInputStream(Files.newInputStream(file)), columns);
  }

  /** Also of {@code file:data.csv}, which has no path in the sense of {@link URI}. */
  private static String path(URI uri) {
    return uri.isOpaque() ? uri.getSchemeSpecificPart().split("\\?", 2)[0] : uri.getPath();
  }
}
