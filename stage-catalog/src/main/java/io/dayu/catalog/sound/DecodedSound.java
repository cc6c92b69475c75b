package io.dayu.catalog.sound;

import io.dayu.catalog.Natives;
import io.dayu.catalog.Stop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sound of a file that FFmpeg decodes. Silence that a file leaves out is not put back: samples
 * follow each other as they are recorded.
 *
 * <p>To go on in its middle it decodes from the beginning, because most codecs decode a packet with
 * what they know from those before it; this takes about a thousandth of the recording's time.
 */
final class DecodedSound implements Recording {
  private static final Logger LOG = LoggerFactory.getLogger(DecodedSound.class);

  /** Nothing that names other files, such as a play list. */
  private static final String FORMATS =
      "wav,w64,aiff,au,caf,flac,mp3,aac,ogg,opus,asf,amr,ac3,eac3,mov,mp4,m4a,3gp,3g2,mj2,"
          + "matroska,webm,avi,mpeg,mpegts,flv";

  /** What containers may be wrong about their length before it counts as a missing end. */
  private static final double TOLERATED_SHARE = 0.05;

  private static final double TOLERATED_SECONDS = 0.5;
  private static final int MAX_FAILURES = 100;

  private final Path file;
  private final Stop stop;
  private Input input;
  private long at; // the moment that is read next

  private DecodedSound(Path file, Stop stop, Input input) {
    this.file = file;
    this.stop = stop;
    this.input = input;
  }

  /**
   * @param stop ends every call early
   * @throws IOException why it cannot be read, in words for users
   */
  static Recording open(Path file, Stop stop) throws IOException {
    Natives.ffmpeg();
    return new DecodedSound(file, stop, new Input(file, stop));
  }

  @Override
  public int rate() {
    return input.rate;
  }

  @Override
  public int channels() {
    return input.channels;
  }

  @Override
  public OptionalLong length() {
    return OptionalLong.empty();
  }

  @Override
  public int read(float[] into, int moments) throws IOException {
    var done = 0;
    while (done < moments && !stop.asked()) {
      if (input.left() == 0 && !input.decode()) break;
      done += input.take(into, done, moments - done);
    }
    at += done;
    return done;
  }

  @Override
  public long seek(long moment) throws IOException {
    if (moment < at) {
      input.close();
      input = new Input(file, stop);
      at = 0;
    }
    while (at < moment && !stop.asked()) {
      if (input.left() == 0 && !input.decode()) break;
      at += input.leaveOut((int) Math.min(moment - at, input.left()));
    }
    return at;
  }

  @Override
  public Optional<String> missing() {
    if (input.damaged > 0)
      LOG.warn("{} is damaged: {} packets of its sound cannot be decoded", file, input.damaged);
    if (input.broken())
      return Optional.of(
          String.format(
              Locale.ROOT,
              "it cannot be read behind %.1f s: %s",
              (double) at / rate(),
              words(input.end)));
    var all = input.announced();
    var there = (double) at / rate();
    return all - there > Math.max(TOLERATED_SECONDS, all * TOLERATED_SHARE)
        ? Optional.of(
            String.format(
                Locale.ROOT, "it ends at %.1f s although it should last %.1f s", there, all))
        : Optional.empty();
  }

  @Override
  public void close() {
    input.close();
  }

  private static String words(int error) {
    var text = new byte[avutil.AV_ERROR_MAX_STRING_SIZE];
    avutil.av_strerror(error, text, text.length);
    return new String(text, StandardCharsets.UTF_8).split("\0", 2)[0];
  }

  /** One pass through a file. */
  private static final class Input implements AutoCloseable {
    private final Stop stop;
    private final AVFormatContext format = new AVFormatContext(null);
    private final AVPacket packet = avcodec.av_packet_alloc();
    private final AVFrame frame = avutil.av_frame_alloc();
    private final AVStream stream;
    private final int rate;
    private final int channels;
    private @Nullable AVCodecContext codec;
    private boolean closed;
    private int end; // why no packet follows, 0 while packets may follow
    private long damaged; // packets
    private int taken; // moments of the frame

    private Input(Path file, Stop stop) throws IOException {
      this.stop = stop;
      try {
        open(file);
        stream = format.streams(findSound());
        openCodec();
        // What the container says may differ from what is decoded, as with AAC that is doubled.
        if (!decode()) throw new IOException("none of its sound can be decoded");
        rate = frame.sample_rate();
        channels = frame.ch_layout().nb_channels();
        Recording.check(rate, channels);
      } catch (IOException | RuntimeException | Error e) { // natives throw errors, too
        close();
        throw e;
      }
    }

    private void open(Path file) throws IOException {
      var options = new AVDictionary(null);
      avutil.av_dict_set(options, "protocol_whitelist", "file", 0);
      avutil.av_dict_set(options, "format_whitelist", FORMATS, 0);
      // With the protocol in front, no name of a file is taken for an address.
      var url = "file:" + file.toAbsolutePath();
      var opened = avformat.avformat_open_input(format, url, (AVInputFormat) null, options);
      avutil.av_dict_free(options);
      if (opened < 0) throw new IOException(words(opened));
      leaveOutPictures();
      var found = avformat.avformat_find_stream_info(format, (PointerPointer<?>) null);
      if (found < 0) throw new IOException(words(found));
      leaveOutPictures(); // some streams are found only then
    }

    private void leaveOutPictures() {
      for (var i = 0; i < format.nb_streams(); i++)
        if (format.streams(i).codecpar().codec_type() != avutil.AVMEDIA_TYPE_AUDIO)
          format.streams(i).discard(avcodec.AVDISCARD_ALL);
    }

    private int findSound() throws IOException {
      var found =
          avformat.av_find_best_stream(
              format, avutil.AVMEDIA_TYPE_AUDIO, -1, -1, (AVCodec) null, 0);
      if (found < 0) throw new IOException("there is no sound in it");
      return found;
    }

    /** What it has made when it fails is freed by {@link #close}. */
    private void openCodec() throws IOException {
      var parameters = stream.codecpar();
      var kind = avcodec.avcodec_find_decoder(parameters.codec_id());
      if (kind == null)
        throw new IOException(
            "its codec %s is not supported; convert it, for example to WAV or FLAC"
                .formatted(avcodec.avcodec_get_name(parameters.codec_id()).getString()));
      var context = avcodec.avcodec_alloc_context3(kind);
      codec = context;
      avcodec.avcodec_parameters_to_context(context, parameters);
      context.pkt_timebase(stream.time_base());
      context.thread_count(1); // the node decides on parallelism
      var opened = avcodec.avcodec_open2(context, kind, (AVDictionary) null);
      if (opened < 0) throw new IOException("its sound cannot be decoded: " + words(opened));
    }

    /** How many moments of the frame are to be taken yet. */
    private int left() {
      return frame.nb_samples() - taken;
    }

    /** Goes on to the next frame; false at the end, and once the stop is asked for. */
    private boolean decode() throws IOException {
      taken = 0;
      var atEnd = 0;
      while (!stop.asked() && atEnd < MAX_FAILURES) {
        var received = avcodec.avcodec_receive_frame(codec, frame);
        if (received >= 0) {
          if (frame.nb_samples() == 0) continue;
          checkKind();
          return true;
        }
        if (received == avutil.AVERROR_EOF()) return false;
        if (received != avutil.AVERROR_EAGAIN()) damaged++;
        if (end != 0) atEnd++;
        else feed();
      }
      return false;
    }

    private void checkKind() throws IOException {
      var now = frame.ch_layout().nb_channels();
      if (rate != 0 && (frame.sample_rate() != rate || now != channels))
        throw new IOException(
            "its sound changes from %s channels with %s samples a second to %s with %s; convert it to one kind"
                .formatted(channels, rate, now, frame.sample_rate()));
    }

    private void feed() {
      while (!stop.asked()) {
        var result = avformat.av_read_frame(format, packet);
        if (result < 0) {
          end = result;
          avcodec.avcodec_send_packet(codec, (AVPacket) null);
          return;
        }
        boolean sound = packet.stream_index() == stream.index();
        // What is damaged is skipped, as players do.
        if (sound && avcodec.avcodec_send_packet(codec, packet) < 0) damaged++;
        avcodec.av_packet_unref(packet);
        if (sound) return;
      }
    }

    private boolean broken() {
      return end != 0 && end != avutil.AVERROR_EOF() && end != avutil.AVERROR_INVALIDDATA();
    }

    /** Seconds that the sound is to last; 0 where the file does not say it. */
    private double announced() {
      boolean says =
          format.duration_estimation_method() == avformat.AVFMT_DURATION_FROM_STREAM
              && stream.duration() > 0;
      return says ? stream.duration() * seconds(stream.time_base()) : 0;
    }

    private static double seconds(AVRational unit) {
      return unit.den() == 0 ? 0 : (double) unit.num() / unit.den();
    }

    private int leaveOut(int moments) {
      taken += moments;
      return moments;
    }

    private int take(float[] into, int done, int most) throws IOException {
      var count = Math.min(most, left());
      var sampleFormat = frame.format();
      boolean planar = avutil.av_sample_fmt_is_planar(sampleFormat) != 0;
      var bytes = avutil.av_get_bytes_per_sample(sampleFormat);
      for (var channel = 0; channel < channels; channel++) {
        var from = plane(planar ? channel : 0, planar ? 1 : channels, bytes);
        for (var i = 0; i < count; i++) {
          var place = (taken + i) * (planar ? 1 : channels) + (planar ? 0 : channel);
          into[(done + i) * channels + channel] = sample(from, place, sampleFormat);
        }
      }
      taken += count;
      return count;
    }

    private ByteBuffer plane(int index, int interleaved, int bytes) {
      return new BytePointer(frame.extended_data(index))
          .capacity((long) frame.nb_samples() * interleaved * bytes)
          .asByteBuffer()
          .order(ByteOrder.nativeOrder());
    }

    private static float sample(ByteBuffer from, int i, int format) throws IOException {
      var value =
          switch (format) {
            case avutil.AV_SAMPLE_FMT_U8, avutil.AV_SAMPLE_FMT_U8P ->
                (Byte.toUnsignedInt(from.get(i)) - 128) / 128f;
            case avutil.AV_SAMPLE_FMT_S16, avutil.AV_SAMPLE_FMT_S16P ->
                from.getShort(i * Short.BYTES) / 32_768f;
            case avutil.AV_SAMPLE_FMT_S32, avutil.AV_SAMPLE_FMT_S32P ->
                from.getInt(i * Integer.BYTES) / 0x1p31f;
            case avutil.AV_SAMPLE_FMT_FLT, avutil.AV_SAMPLE_FMT_FLTP ->
                from.getFloat(i * Float.BYTES);
            case avutil.AV_SAMPLE_FMT_DBL, avutil.AV_SAMPLE_FMT_DBLP ->
                (float) from.getDouble(i * Double.BYTES);
            default -> throw new IOException("its samples are of a kind that is not known here");
          };
      return Float.isFinite(value) ? value : 0;
    }

    @Override
    public void close() {
      if (closed) return;
      closed = true;
      if (codec != null) avcodec.avcodec_free_context(codec);
      codec = null;
      avutil.av_frame_free(frame);
      avcodec.av_packet_free(packet);
      if (!format.isNull()) avformat.avformat_close_input(format);
    }
  }
}
