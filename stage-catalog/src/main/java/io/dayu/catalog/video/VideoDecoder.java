package io.dayu.catalog.video;

import io.dayu.catalog.Stop;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
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
import org.bytedeco.opencv.opencv_core.Mat;
import org.jspecify.annotations.Nullable;

/**
 * The pictures of a video file in the order in which they are shown, through FFmpeg. JavaCV's
 * grabber hides what is needed here: which packets were read, which frames are key frames and where
 * a seek ended.
 *
 * <p>All times are microseconds of a {@link Timeline}, rounded down. Blocking; not thread-safe.
 */
final class VideoDecoder implements AutoCloseable {
  /** Files may begin at any time, some at the seconds since 1970; positions have less room. */
  private static final long LATEST_START = 1L << 43;

  private static final long USUAL_STEP = 40_000; // 25 frames a second
  private static final int MAX_FAILURES = 100;

  /**
   * Codecs keep so many pictures to make others from them; H.264 says so itself if it keeps more.
   */
  private static final int REFERENCES = 8;

  /** A picture that is being decoded, and one that is looked at. */
  private static final int AT_WORK = 2;

  private static final int BGR = 3; // bytes of a pixel that stages get

  private final Path file;
  private final Stop stop;
  private final AVFormatContext input = new AVFormatContext(null);
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final AVFrame frame = avutil.av_frame_alloc();
  private final AVRational micros = avutil.av_get_time_base_q();
  private final Pixels pixels = new Pixels();
  private final AVStream stream;
  private final AVRational unit; // of the stream's time stamps
  private final boolean movie; // of the family of MP4, with a whole index
  private final long listed;
  private final long step;
  private final long delay; // at most, between decoding and showing
  private final long ownStart; // as the time stamps of the file say it
  private final long start;
  private final Timeline timeline;
  private long memory; // that it has taken, in bytes
  private int width; // of the pictures that the memory was taken for, as the next two
  private int height;
  private int format;
  private @Nullable AVCodecContext codec;
  private boolean closed;
  private boolean whole = true; // whether it began with the first frame
  private int end; // why no packet follows, 0 while packets may follow
  private long discarded; // packets before the beginning of an edit list
  private long decoded;
  private long failures;
  private long ownEnd = Timeline.UNKNOWN; // of the stream, as the time stamps of the file say it
  private long inputEnd = Timeline.UNKNOWN; // the same of all streams
  private long shownEnd = Timeline.UNKNOWN;

  /**
   * Begins with the first frame.
   *
   * @param stop ends every call early
   * @throws IOException why it cannot be read, in words for users
   */
  VideoDecoder(Path file, Stop stop) throws IOException {
    this.file = file;
    this.stop = stop;
    try {
      open();
      stream = input.streams(findVideo());
      unit = stream.time_base();
      movie = input.iformat().name().getString().startsWith("mov,") && stream.nb_frames() > 0;
      listed = avformat.avformat_index_get_entries_count(stream);
      step = rate() > 0 ? Math.max(1, (long) (1e6 / rate())) : USUAL_STEP;
      delay = stream.codecpar().video_delay() * step;
      var first = micros(stream.start_time(), unit);
      ownStart = first == Timeline.UNKNOWN ? 0 : first;
      var shift = ownStart < 0 || ownStart > LATEST_START ? -ownStart : 0;
      start = ownStart + shift;
      timeline = new Timeline((input.iformat().flags() & avformat.AVFMT_TS_DISCONT) != 0, shift);
      openCodec();
    } catch (IOException | RuntimeException | Error e) { // natives throw errors, too
      close();
      throw e;
    }
  }

  /**
   * Begins early enough for the frames shown at {@code time} and later, if the file keeps what it
   * says: there is one of its key frames before them. Where the index of the file leads to it, it
   * is used; otherwise packets are counted from the beginning, because what other containers know
   * of places is a guess.
   */
  static VideoDecoder at(Path file, long time, Stop stop) throws IOException {
    var decoder = new VideoDecoder(file, stop);
    if (time <= 0) return decoder;
    if (decoder.isIndexed()) {
      if (decoder.seek(time)) return decoder;
      decoder.close();
      return new VideoDecoder(file, stop);
    }
    long packets;
    try (decoder) {
      packets = decoder.packetsBefore(time);
    }
    var result = new VideoDecoder(file, stop);
    result.leaveOut(packets);
    return result;
  }

  /** How long a file lasts that does not say so: it is read to its end, but not decoded. */
  static long measured(Path file, Stop stop) throws IOException {
    try (var decoder = new VideoDecoder(file, stop)) {
      while (decoder.read()) avcodec.av_packet_unref(decoder.packet);
      return decoder.length();
    }
  }

  private void open() throws IOException {
    var options = new AVDictionary(null);
    // A file that is a play list must not make this node open connections.
    avutil.av_dict_set(options, "protocol_whitelist", "file", 0);
    // With the protocol in front, no name of a file is taken for an address.
    var url = "file:" + file.toAbsolutePath();
    var opened = avformat.avformat_open_input(input, url, (AVInputFormat) null, options);
    avutil.av_dict_free(options);
    if (opened < 0) throw new IOException(words(opened));
    var found = findStreams();
    if (found < 0) throw new IOException(words(found));
  }

  /** It decodes some pictures to know more of them, so the limits hold here, too. */
  private int findStreams() throws IOException {
    var count = input.nb_streams();
    for (var i = 0; i < count; i++) {
      // FFmpeg forgets a size that its own limit refuses, so it is looked at before.
      var parameters = input.streams(i).codecpar();
      var cover = (input.streams(i).disposition() & avformat.AV_DISPOSITION_ATTACHED_PIC) != 0;
      if (parameters.codec_type() == avutil.AVMEDIA_TYPE_VIDEO && !cover)
        checkSize(parameters.width(), parameters.height());
    }
    try (var options = new PointerPointer<AVDictionary>(Math.max(1, count))) {
      for (var i = 0; i < count; i++) options.put(i, limits());
      var found = avformat.avformat_find_stream_info(input, options);
      for (var i = 0; i < count; i++) {
        var left = options.get(AVDictionary.class, i);
        if (left != null) avutil.av_dict_free(left);
      }
      return found;
    }
  }

  /** What a codec checks itself before it allocates, for every picture anew. */
  private static AVDictionary limits() {
    var options = new AVDictionary(null);
    avutil.av_dict_set_int(options, "max_pixels", Jpeg.MAX_PIXELS, 0);
    avutil.av_dict_set_int(options, "threads", 1, 0); // the node decides on parallelism
    return options;
  }

  private int findVideo() throws IOException {
    var found =
        avformat.av_find_best_stream(input, avutil.AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
    if (found < 0) throw new IOException("there are no pictures in it");
    if ((input.streams(found).disposition() & avformat.AV_DISPOSITION_ATTACHED_PIC) != 0)
      throw new IOException("there is no picture in it but its cover");
    return found;
  }

  /** What it has made when it fails is freed by {@link #close}. */
  private void openCodec() throws IOException {
    var parameters = stream.codecpar();
    var kind = avcodec.avcodec_find_decoder(parameters.codec_id());
    if (kind == null)
      throw new IOException(
          "its codec %s is not supported; convert it, for example to H.264"
              .formatted(avcodec.avcodec_get_name(parameters.codec_id()).getString()));
    checkSize(parameters.width(), parameters.height());
    var context = avcodec.avcodec_alloc_context3(kind);
    codec = context;
    avcodec.avcodec_parameters_to_context(context, parameters);
    context.pkt_timebase(micros);
    var limits = limits();
    var opened = avcodec.avcodec_open2(context, kind, limits);
    avutil.av_dict_free(limits);
    if (opened < 0) throw new IOException("its pictures cannot be decoded: " + words(opened));
    account(context, parameters.width(), parameters.height(), parameters.format());
  }

  private static void checkSize(int width, int height) throws IOException {
    if ((long) width * height > Jpeg.MAX_PIXELS || width > Jpeg.MAX_SIDE || height > Jpeg.MAX_SIDE)
      throw new IOException(
          "its pictures have %s x %s pixels, the limit is %s million pixels and %s on a side; convert it to smaller ones"
              .formatted(width, height, Jpeg.MAX_PIXELS / 1_000_000, Jpeg.MAX_SIDE));
  }

  /** Takes the memory that pictures like this need at most. */
  private void account(AVCodecContext context, int width, int height, int format) {
    if (width == this.width && height == this.height && format == this.format) return;
    var one = avutil.av_image_get_buffer_size(format, width, height, Pixels.BLOCK);
    var pixels = (long) width * height;
    var picture = one > 0 ? one : pixels * BGR;
    var described = avcodec.avcodec_descriptor_get(stream.codecpar().codec_id());
    var alone = described != null && (described.props() & avcodec.AV_CODEC_PROP_INTRA_ONLY) != 0;
    var kept = alone ? 0 : Math.max(REFERENCES, context.refs()) + context.has_b_frames();
    // A picture that is turned is there twice.
    var bytes = picture * (kept + AT_WORK) + 2 * pixels * BGR;
    DecoderMemory.SHARED.take(memory, bytes, file.toString());
    memory = bytes;
    this.width = width;
    this.height = height;
    this.format = format;
  }

  /** Frames per second, 0 where nothing is known. */
  double rate() {
    var rate = stream.avg_frame_rate();
    if (rate.num() == 0 || rate.den() == 0) rate = stream.r_frame_rate();
    return rate.num() <= 0 || rate.den() <= 0 ? 0 : (double) rate.num() / rate.den();
  }

  /** How long one frame is shown, on average. */
  long step() {
    return step;
  }

  /** When the first frame is shown; usually 0. */
  long start() {
    return start;
  }

  /** Whether it began with the first frame of the file. */
  boolean whole() {
    return whole;
  }

  /** How long what was read so far lasts. */
  long length() {
    return shownEnd == Timeline.UNKNOWN ? 0 : shownEnd - start;
  }

  /** How long the file lasts, if that is certain without reading it to its end. */
  Optional<Long> announced() {
    return movie ? announced(input.duration(), micros) : Optional.empty();
  }

  /** Empty where the file does not say it and FFmpeg guesses, from a time stamp or the bit rate. */
  private Optional<Long> announced(long duration, AVRational of) {
    return input.duration_estimation_method() == avformat.AVFMT_DURATION_FROM_STREAM && duration > 0
        ? Optional.of(micros(duration, of))
        : Optional.empty();
  }

  /**
   * What the file announces and what was read of it.
   *
   * @param announced how long it is to last
   * @param read when the last picture ends, or the last sound where the file does not distinguish
   */
  record Extent(long announced, long read) {}

  /** To be asked at the end; empty where the file announces nothing. */
  Optional<Extent> extent() {
    var own = announced(stream.duration(), unit);
    // FFmpeg corrects the length of an AVI that is cut off, but not its number of frames. The
    // number of an MP4 counts frames that its edit list leaves out.
    if (!movie && stream.nb_frames() > 0 && rate() > 0)
      own = Optional.of((long) (stream.nb_frames() * 1e6 / rate()));
    if (own.isPresent() && ownEnd != Timeline.UNKNOWN)
      return Optional.of(new Extent(own.get(), ownEnd - ownStart));
    if (inputEnd == Timeline.UNKNOWN) return Optional.empty();
    var inputStart = Math.max(0, input.start_time());
    return announced(input.duration(), micros)
        .map(duration -> new Extent(duration, inputEnd - inputStart));
  }

  /** Frames that should be there but were not decoded; to be asked at the end. */
  long damaged() {
    if (!whole) return failures;
    // Only an MP4 tells it; where packets are halves of frames, nothing can be told from them.
    var expected = movie ? listed - discarded : 0;
    // Some files count one frame more than they show.
    return Math.max(failures, expected - decoded > 1 ? expected - decoded : 0);
  }

  /** Why reading ended before the end of the file, such as a disk that cannot be read. */
  Optional<String> broken() {
    return end == 0 || end == avutil.AVERROR_EOF() || end == avutil.AVERROR_INVALIDDATA()
        ? Optional.empty()
        : Optional.of(words(end));
  }

  /**
   * Decodes the next frame; afterwards {@link #time}, {@link #key} and {@link #image} tell of it.
   * False at the end, and once the stop is asked for.
   *
   * @throws IOException if the pictures have become too large
   */
  boolean next() throws IOException {
    var atEnd = 0;
    while (!stop.asked() && atEnd < MAX_FAILURES) {
      var received = avcodec.avcodec_receive_frame(codec, frame);
      if (received >= 0) {
        decoded++;
        checkSize(frame.width(), frame.height());
        account(Objects.requireNonNull(codec), frame.width(), frame.height(), frame.format());
        return true;
      }
      if (received == avutil.AVERROR_EOF()) return false;
      // What is damaged is skipped, as players do.
      if (received != avutil.AVERROR_EAGAIN()) failures++;
      if (end != 0) atEnd++;
      else feed();
    }
    return false;
  }

  private void feed() throws IOException {
    if (!read()) {
      avcodec.avcodec_send_packet(codec, (AVPacket) null);
      return;
    }
    if ((packet.flags() & avcodec.AV_PKT_FLAG_DISCARD) != 0) discarded++;
    if (stream.codecpar().codec_id() == avcodec.AV_CODEC_ID_MJPEG) checkScans();
    var sent = avcodec.avcodec_send_packet(codec, packet);
    if (sent < 0 && sent != avutil.AVERROR_EAGAIN()) failures++;
    avcodec.av_packet_unref(packet);
  }

  /** FFmpeg bounds the size of a picture, but not how often it may go through it. */
  private void checkScans() throws IOException {
    if (packet.size() <= 0) return;
    var bytes = packet.data().capacity(packet.size()).asByteBuffer();
    try {
      Jpeg.checkScans(bytes, width, height);
    } catch (BadFrameException e) {
      avcodec.av_packet_unref(packet);
      throw new IOException(e.getMessage(), e);
    }
  }

  /** When the frame is shown, {@link Timeline#UNKNOWN} if the file does not say. */
  long time() {
    return frame.best_effort_timestamp();
  }

  boolean key() {
    return (frame.flags() & AVFrame.AV_FRAME_FLAG_KEY) != 0;
  }

  /** The frame as it is to be looked at, valid until the next call. */
  Mat image() throws IOException {
    var aspect = avformat.av_guess_sample_aspect_ratio(input, stream, frame);
    var ratio = aspect.num() <= 0 || aspect.den() <= 0 ? 1 : (double) aspect.num() / aspect.den();
    // Pixels that are not square make a picture wider than it is stored.
    checkSize(Pixels.width(frame.width(), ratio), frame.height());
    return pixels.of(frame, ratio, orientation());
  }

  private Orientation orientation() {
    var parameters = stream.codecpar();
    var ofStream =
        avcodec.av_packet_side_data_get(
            parameters.coded_side_data(),
            parameters.nb_coded_side_data(),
            avcodec.AV_PKT_DATA_DISPLAYMATRIX);
    if (ofStream != null) return orientation(ofStream.data(), ofStream.size());
    var ofFrame = avutil.av_frame_get_side_data(frame, avutil.AV_FRAME_DATA_DISPLAYMATRIX);
    return ofFrame == null ? Orientation.UPRIGHT : orientation(ofFrame.data(), ofFrame.size());
  }

  private static Orientation orientation(BytePointer matrix, long size) {
    if (size < 9 * Integer.BYTES) return Orientation.UPRIGHT;
    var numbers = matrix.capacity(size).asByteBuffer().order(ByteOrder.nativeOrder()).asIntBuffer();
    return Orientation.ofMatrix(numbers.get(0), numbers.get(1), numbers.get(3), numbers.get(4));
  }

  /**
   * Whether the index of the file holds the time of every frame. AVI knows only the order in which
   * frames are decoded, which is another one where frames refer to later ones.
   */
  private boolean isIndexed() {
    return movie
        || input.iformat().name().getString().equals("avi")
            && stream.nb_frames() > 0
            && stream.codecpar().video_delay() == 0;
  }

  /** To the last key frame but one before that time; false if the index does not know it. */
  private boolean seek(long time) {
    var target = avutil.av_rescale_q(time - start + ownStart - 1, micros, unit);
    var entry = entryBefore(target);
    if (entry.isEmpty()) return false;
    entry = entryBefore(entry.get() - 1);
    if (entry.isEmpty()) return false;
    whole = false;
    return avformat.av_seek_frame(input, stream.index(), entry.get(), avformat.AVSEEK_FLAG_BACKWARD)
        >= 0;
  }

  private Optional<Long> entryBefore(long timestamp) {
    return Optional.ofNullable(
            avformat.avformat_index_get_entry_from_timestamp(
                stream, timestamp, avformat.AVSEEK_FLAG_BACKWARD))
        .map(entry -> entry.timestamp());
  }

  /** How many packets come before the last key packet but one that is shown before that time. */
  private long packetsBefore(long time) {
    var keys = new ArrayDeque<Long>();
    for (var packets = 0L; read(); packets++) {
      var decode = packet.dts();
      var show = packet.pts();
      var key = (packet.flags() & avcodec.AV_PKT_FLAG_KEY) != 0;
      avcodec.av_packet_unref(packet);
      if (show == Timeline.UNKNOWN && stream.codecpar().video_delay() > 0) return 0;
      // No frame is shown before it is decoded, so none before that time follows.
      if (decode != Timeline.UNKNOWN && decode >= time) break;
      if (key && (show == Timeline.UNKNOWN ? decode : show) < time) {
        keys.addLast(packets);
        if (keys.size() > 2) keys.removeFirst();
      }
    }
    return keys.size() < 2 ? 0 : keys.getFirst();
  }

  private void leaveOut(long packets) {
    whole = packets == 0;
    for (var i = 0L; i < packets && read(); i++) avcodec.av_packet_unref(packet);
  }

  /** The next packet of the pictures, on the timeline; false at the end. */
  private boolean read() {
    while (!stop.asked()) {
      var result = avformat.av_read_frame(input, packet);
      if (result < 0) {
        end = result;
        return false;
      }
      if (packet.stream_index() == stream.index()) {
        stamp();
        return true;
      }
      noteEnd();
      avcodec.av_packet_unref(packet);
    }
    end = avutil.AVERROR_EOF();
    return false;
  }

  private void stamp() {
    var decode = micros(packet.dts(), unit);
    var show = micros(packet.pts(), unit);
    var duration = packet.duration() > 0 ? Math.max(1, micros(packet.duration(), unit)) : step;
    var shift = timeline.shift(decode, duration);
    var own = show == Timeline.UNKNOWN && decode != show ? decode + delay : show;
    if (own != Timeline.UNKNOWN) {
      ownEnd = Math.max(ownEnd, own + duration);
      inputEnd = Math.max(inputEnd, own + duration);
      shownEnd = Math.max(shownEnd, own + shift + duration);
    }
    packet.dts(decode == Timeline.UNKNOWN ? decode : decode + shift);
    packet.pts(show == Timeline.UNKNOWN ? show : show + shift);
    packet.duration(duration);
  }

  /** What is no picture counts only where the file announces one length for everything. */
  private void noteEnd() {
    if (input.duration_estimation_method() != avformat.AVFMT_DURATION_FROM_STREAM) return;
    var of = input.streams(packet.stream_index()).time_base();
    var at = micros(packet.pts() == avutil.AV_NOPTS_VALUE ? packet.dts() : packet.pts(), of);
    if (at != Timeline.UNKNOWN)
      inputEnd = Math.max(inputEnd, at + Math.max(0, micros(packet.duration(), of)));
  }

  private long micros(long timestamp, AVRational of) {
    return timestamp == avutil.AV_NOPTS_VALUE
        ? Timeline.UNKNOWN
        : avutil.av_rescale_q_rnd(timestamp, of, micros, avutil.AV_ROUND_DOWN);
  }

  private static String words(int error) {
    var text = new byte[avutil.AV_ERROR_MAX_STRING_SIZE];
    avutil.av_strerror(error, text, text.length);
    return new String(text, StandardCharsets.UTF_8).split("\0", 2)[0];
  }

  @Override
  public void close() {
    if (closed) return;
    closed = true;
    pixels.close();
    if (codec != null) avcodec.avcodec_free_context(codec);
    codec = null;
    avutil.av_frame_free(frame);
    avcodec.av_packet_free(packet);
    if (!input.isNull()) avformat.avformat_close_input(input);
    DecoderMemory.SHARED.free(memory);
  }
}
