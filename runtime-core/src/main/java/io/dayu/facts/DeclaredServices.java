package io.dayu.facts;

import io.dayu.facts.wire.DeclaredServiceFact;
import java.util.Optional;

/** {@link DeclaredService} as protobuf. */
public final class DeclaredServices {
  private DeclaredServices() {}

  public static DeclaredServiceFact write(DeclaredService service) {
    var proto =
        DeclaredServiceFact.newBuilder().setName(service.name()).setVersion(service.version());
    service.document().ifPresent(proto::setDocument);
    return proto.build();
  }

  public static DeclaredService read(DeclaredServiceFact proto) {
    return new DeclaredService(
        proto.getName(),
        proto.getVersion(),
        proto.hasDocument() ? Optional.of(proto.getDocument()) : Optional.empty());
  }
}
