package io.dayu.catalog.video;

import io.dayu.stage.NativeMemory;

/** {@link DecoderMemory} as nodes report it. */
public final class VideoDecoders implements NativeMemory {
  @Override
  public String part() {
    return "video-decoders";
  }

  @Override
  public long used() {
    return DecoderMemory.SHARED.used();
  }

  @Override
  public long limit() {
    return DecoderMemory.SHARED.limit();
  }
}
