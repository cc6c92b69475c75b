package io.dayu.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.Outputs;
import io.dayu.element.Step;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class PiecesTest {
  @Property(tries = 300)
  void piecesTogetherAreTheEncodedMessage(
      @ForAll @Size(max = 4) List<@IntRange(max = 20_000) Integer> outputs,
      @ForAll @IntRange(max = 200_000) int payload,
      @ForAll @IntRange(max = 9_000) int name) {
    var element = element(payload).setStream("s".repeat(name)).addPath(Step.newBuilder());
    for (int i = 0; i < outputs.size(); i++)
      element.addOutputs(Outputs.of("stage-" + i, opaque(outputs.get(i))));
    var whole = element.build();
    assertThat(Arrays.equals(bytes(Pieces.of(whole)), whole.toByteArray())).isTrue();
  }

  @Test
  void aPayloadIsNotCopied() {
    var payload = new byte[1 << 20];
    new Random(1).nextBytes(payload);
    var element =
        Element.newBuilder()
            .setStream("a/cam")
            .setPayload(Media.newBuilder().setOpaque(UnsafeByteOperations.unsafeWrap(payload)))
            .build();
    var encoded = Pieces.of(element);
    payload[500_000] ^= 1; // whoever shares the array sees it
    assertThat(Arrays.equals(bytes(encoded), element.toByteArray())).isTrue();
  }

  private static Element.Builder element(int payload) {
    return Element.newBuilder().setSeq(7).setPayload(opaque(payload));
  }

  private static Media opaque(int size) {
    var bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Media.newBuilder().setOpaque(UnsafeByteOperations.unsafeWrap(bytes)).build();
  }

  private static byte[] bytes(ByteString pieces) {
    var all = ByteBuffer.allocate(pieces.size());
    pieces.getByteBuffers().forEach(all::put);
    return all.array();
  }
}
