package io.dayu.read;

import com.google.protobuf.UnsafeByteOperations;
import io.dayu.element.*;
import io.dayu.source.*;
import java.net.URI;
import java.time.Duration;
import java.util.*;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

public final class TmpSynthetic implements SourceProvider {
  public SourceDescriptor descriptor() {
    return new SourceDescriptor(
        "synthetic", "x", MediaType.OPAQUE, List.of(), false, true, "synthetic:?bytes=1024");
  }

  public boolean claims(URI u) {
    return "synthetic".equals(u.getScheme());
  }

  public Source<Segment, NotUsed> open(SourceContext c) {
    var q = new HashMap<String, Long>();
    for (var kv : c.uri().getSchemeSpecificPart().replaceFirst("^\\?", "").split("&")) {
      var p = kv.split("=");
      q.put(p[0], Long.parseLong(p[1]));
    }
    byte[] b = new byte[(int) (long) q.getOrDefault("bytes", 1024L)];
    new Random(1).nextBytes(b);
    var m = Media.newBuilder().setOpaque(UnsafeByteOperations.unsafeWrap(b)).build();
    long n = q.getOrDefault("count", 0L);
    long r = q.getOrDefault("rate", 0L);
    Source<Segment, NotUsed> s =
        Source.unfold(
            c.position(),
            i ->
                n > 0 && i >= n
                    ? Optional.empty()
                    : Optional.of(org.apache.pekko.japi.Pair.create(i + 1, new Segment(m, i + 1))));
    return r > 0
        ? s.throttle((int) Math.max(1, r / 50), Duration.ofMillis(r >= 50 ? 20 : 1000 / r))
        : s;
  }
}
