package io.dayu.catalog.video;

import io.dayu.catalog.BlockingReader;
import io.dayu.element.MediaType;
import io.dayu.source.Query;
import io.dayu.source.Repeat;
import io.dayu.source.Segment;
import io.dayu.source.SourceContext;
import io.dayu.source.SourceDescriptor;
import io.dayu.source.SourceProvider;
import io.dayu.source.Target.LocalFile;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A video file. It is lossless and replayable: it reads as fast as it is asked and waits when it is
 * not. {@code ?realtime=true} reads it at the speed at which it was recorded, at most; {@code
 * ?loop=true} begins again at its end, for ever.
 *
 * <p>A position is a time in the file, so that going on does not depend on how frames are numbered.
 */
public final class VideoFileSource implements SourceProvider {
  private static final Set<String> ENDINGS =
      Set.of(
          ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".flv", ".wmv");

  /** The parameter that asks for the sound in place of the pictures. */
  public static final String SOUND = "sound";

  private static final String REALTIME = "realtime";
  private static final String LOOP = "loop";
  private static final List<String> PARAMETERS = List.of(REALTIME, LOOP, SOUND);

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "video-file",
        "Frames of a video file, lossless; ?realtime=true for its own speed, ?loop=true for ever",
        MediaType.FRAMES,
        VideoKnobs.ALL,
        false,
        Repeat.EXACT,
        "file:///data/street.mp4?realtime=true&loop=true");
  }

  @Override
  public boolean claims(URI uri) {
    return isVideo(uri) && !isHeard(uri);
  }

  /** Whether a uri is that of a video file. */
  public static boolean isVideo(URI uri) {
    if (uri.getScheme() != null && !uri.getScheme().equalsIgnoreCase("file")) return false;
    var path = LocalFile.path(uri).toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(path::endsWith);
  }

  /** Whether it is the sound of a video file that is to be read, and not its pictures. */
  public static boolean isHeard(URI uri) {
    return Query.partly(uri, List.of()).others().contains(SOUND + "=true");
  }

  @Override
  public void check(URI uri) {
    var query = Query.of(uri, PARAMETERS);
    for (var parameter : PARAMETERS) {
      var unused = query.flag(parameter);
    }
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    var file = Path.of(LocalFile.path(context.uri()));
    var query = Query.partly(context.uri(), PARAMETERS);
    boolean realtime = query.flag(REALTIME);
    boolean loop = query.flag(LOOP);
    return BlockingReader.source(
        stop ->
            new VideoFileReader(file, realtime, loop, context.position(), context.knobs(), stop));
  }
}
