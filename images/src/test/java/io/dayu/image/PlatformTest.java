package io.dayu.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlatformTest {
  @Test
  void knowsItsNativesInTheNamesOfAllLibraries() {
    for (var own :
        new String[] {
          "org/sqlite/native/Linux/x86_64/libsqlitejdbc.so",
          "com/sun/jna/linux-x86-64/libjnidispatch.so",
          "jni/x86_64-Linux/libjffi-1.2.so",
          "org/lmdbjava/x86_64-linux-gnu.so",
          "ai/onnxruntime/native/linux-x64/libonnxruntime.so",
          "org/bytedeco/opencv/linux-x86_64/libopencv_core.so.413"
        }) assertThat(Platform.AMD64.names(own)).as(own).isTrue();
    for (var own :
        new String[] {
          "org/sqlite/native/Linux/aarch64/libsqlitejdbc.so",
          "com/sun/jna/linux-aarch64/libjnidispatch.so",
          "jni/aarch64-Linux/libjffi-1.2.so",
          "ai/onnxruntime/native/linux-aarch64/libonnxruntime.so",
          "org/bytedeco/opencv/linux-arm64/libopencv_core.so.413"
        }) assertThat(Platform.ARM64.names(own)).as(own).isTrue();
    for (var other :
        new String[] {
          "org/sqlite/native/Linux-Musl/x86_64/libsqlitejdbc.so",
          "org/sqlite/native/Linux/x86/libsqlitejdbc.so",
          "com/sun/jna/linux-x86/libjnidispatch.so",
          "com/sun/jna/darwin-x86-64/libjnidispatch.jnilib",
          "jni/x86_64-Windows/jffi-1.2.dll",
          "com/sun/jna/linux-armel/libjnidispatch.so"
        }) {
      assertThat(Platform.AMD64.names(other)).as(other).isFalse();
      assertThat(Platform.ARM64.names(other)).as(other).isFalse();
    }
  }

  @Test
  void takesTheJarsOfItsOwnNatives() {
    assertThat(Platform.ARM64.jar("opencv-4.13.0-1.5.13-linux-x86_64.jar"))
        .isEqualTo("opencv-4.13.0-1.5.13-linux-arm64.jar");
    assertThat(Platform.ARM64.jar("AmazonCorrettoCryptoProvider-2.5.0-linux-x86_64.jar"))
        .isEqualTo("AmazonCorrettoCryptoProvider-2.5.0-linux-aarch_64.jar");
    assertThat(Platform.AMD64.jar("opencv-4.13.0-1.5.13-linux-x86_64.jar"))
        .isEqualTo("opencv-4.13.0-1.5.13-linux-x86_64.jar");
    assertThat(Platform.ARM64.jar("pekko-actor.jar")).isEqualTo("pekko-actor.jar");
  }
}
