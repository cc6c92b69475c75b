package io.dayu.catalog.video;

import io.dayu.stage.NativeMemory;

/** {@link PictureMemory} as nodes report it. */
public final class DecodedPictures implements NativeMemory {
  @Override
  public String part() {
    return "pictures";
  }

  @Override
  public long used() {
    return PictureMemory.SHARED.used();
  }

  @Override
  public long limit() {
    return PictureMemory.SHARED.limit();
  }
}
