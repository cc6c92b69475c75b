package io.dayu.catalog.sound;

import io.dayu.catalog.BlockingReader;
import io.dayu.catalog.video.VideoFileSource;
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
 * A file of sound, or with {@code ?sound=true} the sound of a video file. It is lossless and
 * replayable: it reads as fast as it is asked and waits when it is not. {@code ?realtime=true}
 * gives an element when it would have been heard, at the earliest; {@code ?loop=true} begins again
 * at the end, for ever; {@code ?channels=1} mixes all channels to one.
 */
public final class SoundFileSource implements SourceProvider {
  private static final Set<String> ENDINGS =
      Set.of(
          ".wav", ".wave", ".w64", ".rf64", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".oga",
          ".opus", ".wma", ".aif", ".aiff", ".au", ".caf", ".amr", ".ac3", ".mka");

  private static final String REALTIME = "realtime";
  private static final String LOOP = "loop";
  private static final String CHANNELS = "channels";
  private static final List<String> FLAGS = List.of(REALTIME, LOOP, VideoFileSource.SOUND);
  private static final List<String> PARAMETERS =
      List.of(REALTIME, LOOP, CHANNELS, VideoFileSource.SOUND);

  @Override
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "sound-file",
        "Sound of a file, also of a video with ?sound=true, lossless; ?channels=1 mixes all"
            + " channels to one, ?realtime=true for its own speed, ?loop=true for ever",
        MediaType.AUDIO,
        SoundKnobs.ALL,
        false,
        Repeat.EXACT,
        "file:///data/siren.wav?realtime=true&loop=true");
  }

  @Override
  public boolean claims(URI uri) {
    if (VideoFileSource.isVideo(uri)) return VideoFileSource.isHeard(uri);
    if (uri.getScheme() != null && !uri.getScheme().equalsIgnoreCase("file")) return false;
    var path = LocalFile.path(uri).toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(path::endsWith);
  }

  @Override
  public void check(URI uri) {
    var query = Query.of(uri, PARAMETERS);
    for (var flag : FLAGS) {
      var unused = query.flag(flag);
    }
    var unused = mono(query);
  }

  private static boolean mono(Query query) {
    var channels = query.text(CHANNELS);
    if (channels.isPresent() && !channels.get().equals("1"))
      throw query.wrong(
          "%s=%s: write %s=1 to mix all channels to one, or leave it out to have them all"
              .formatted(CHANNELS, channels.get(), CHANNELS));
    return channels.isPresent();
  }

  @Override
  public Source<Segment, NotUsed> open(SourceContext context) {
    var file = Path.of(LocalFile.path(context.uri()));
    var query = Query.partly(context.uri(), PARAMETERS);
    boolean realtime = query.flag(REALTIME);
    boolean loop = query.flag(LOOP);
    boolean mono = mono(query);
    return BlockingReader.source(
        stop ->
            new SoundFileReader(
                file, realtime, loop, mono, context.position(), context.knobs(), stop));
  }
}
