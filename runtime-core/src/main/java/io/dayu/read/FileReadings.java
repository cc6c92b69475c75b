package io.dayu.read;

import io.dayu.element.MediaType;
import io.dayu.source.Query;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceEnd;
import io.dayu.source.SourceException;
import io.dayu.source.SourceProvider;
import io.dayu.source.Target.LocalFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Readings from a CSV or NDJSON file of the node: {@code file:weather.csv?loop=true}. Columns are
 * {@code sensor,at,value,unit}; other names are given as {@code ?at=time&value=celsius}. Without a
 * sensor column the file's name is the sensor. For encodings see {@link Encodings}, for numbers
 * {@link Numbers}, for times {@link Times}, for records that are no readings {@link OnBad}. A
 * position is the number of records before it.
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
        && Format.of(uri, LocalFile.path(uri)).isPresent();
  }

  @Override
  public void check(URI uri) {
    var unused = Request.of(uri);
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    try {
      var request = Request.of(context.uri());
      return ReadingStream.of(
          "file " + request.file(),
          context,
          new SourceEnd(), // what it has read is read again
          request.loop(),
          request.text().onBad(),
          request::open);
    } catch (SourceException e) {
      return Source.failed(e);
    }
  }

  /** What a URI asks for. */
  private record Request(Path file, boolean loop, Dialect text) {
    private static final List<String> PARAMETERS =
        Stream.concat(Dialect.PARAMETERS.stream(), Stream.of("loop")).toList();

    static Request of(URI uri) {
      var query = Query.of(uri, PARAMETERS);
      try {
        return new Request(
            Path.of(LocalFile.path(uri)).toAbsolutePath(),
            query.flag("loop"),
            Dialect.of(uri, LocalFile.path(uri), query, OnBad.STOP));
      } catch (InvalidPathException e) {
        throw query.wrong("this is not a path: " + e.getReason());
      }
    }

    Records open() throws IOException {
      if (!Files.isRegularFile(file) || !Files.isReadable(file))
        throw new SourceException(
            "file %s %s on this node; correct the uri or the source's node"
                .formatted(file, Files.exists(file) ? "cannot be read" : "does not exist"),
            true,
            null);
      var bytes = new BufferedInputStream(Files.newInputStream(file));
      return text.records(
          Format.isPacked(file.toString()) ? Format.unpacked(bytes) : bytes, Optional.empty());
    }
  }
}
