package io.dayu.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShownUriTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://admin:hunter2@cam/a.mjpeg | http://cam/a.mjpeg",
        "http://admin:hunter2@cam:81/a?x=1 | http://cam:81/a?x=1",
        "http://admin@cam/a | http://cam/a",
        "rtsp://admin:hunter2@[::1]:554/a | rtsp://[::1]:554/a",
        "mqtt://u:hunter2@broker/a/+ | mqtt://broker/a/+",
        "http://h/a.csv?user=x&pwd=hunter2&n=1 | http://h/a.csv?user=***&pwd=***&n=1",
        "http://h/a.csv?api_key=hunter2 | http://h/a.csv?api_key=***",
        "http://h/a.csv?X-Amz-Signature=hunter2 | http://h/a.csv?X-Amz-Signature=***",
        "http://h/a.csv?access_token=hunter2#a | http://h/a.csv?access_token=***#a"
      })
  void loginsAndSecretsAreHidden(URI uri, String shown) {
    assertThat(ShownUri.of(uri)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://admin:hunt@er2@cam/a",
        "http://admin:hunt/er2@cam/a",
        "http://admin:hunt?er2@cam/a",
        "http://admin:hunt#er2@cam/a",
        "http://admin:hunt er2@cam/a",
        "http://admin:h@/unter2@cam/a"
      })
  void aPasswordThatShouldHaveBeenEncodedIsHiddenToo(String text) {
    assertThat(ShownUri.of(text)).doesNotContain("er2").contains("cam/a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:/data/a@b.csv?value=celsius",
        "file:///data/a.csv",
        "http://h:80/@me/a.ndjson?mail=a@b",
        "http://[::1]:80/a?at=@",
        "mqtt://broker/a/+?credentials=plant&client=mine",
        "synthetic:?bytes=1",
        "nonsense"
      })
  void everythingElseStays(String uri) {
    assertThat(ShownUri.of(uri)).isEqualTo(uri);
  }
}
