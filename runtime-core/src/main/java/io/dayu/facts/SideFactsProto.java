package io.dayu.facts;

import com.google.protobuf.ByteString;
import io.dayu.facts.wire.SideChange;
import io.dayu.facts.wire.SideFacts;
import io.dayu.facts.wire.SideProblem;
import java.util.HexFormat;
import java.util.TreeMap;

/** Versions of side inputs to and from protobuf. */
public final class SideFactsProto {
  private SideFactsProto() {}

  public static SideFacts write(SideVersions side) {
    var proto = SideFacts.newBuilder().setEdition(side.edition());
    for (var change : side.changes())
      proto.addChange(
          SideChange.newBuilder()
              .setName(change.name())
              .setNumber(change.number())
              .setSha256(bytes(change.digest()))
              .setBytes(change.bytes()));
    side.problems()
        .forEach(
            (name, problem) ->
                proto.addProblem(SideProblem.newBuilder().setName(name).setProblem(problem)));
    return proto.build();
  }

  public static SideVersions read(SideFacts proto) {
    var problems = new TreeMap<String, String>();
    for (var problem : proto.getProblemList())
      problems.put(problem.getName(), problem.getProblem());
    return new SideVersions(
        proto.getEdition(),
        proto.getChangeList().stream()
            .map(
                change ->
                    new SideVersions.Change(
                        change.getName(),
                        change.getNumber(),
                        digest(change.getSha256()),
                        change.getBytes()))
            .toList(),
        problems);
  }

  /** The bytes of a digest in hexadecimal digits. */
  public static ByteString bytes(String digest) {
    return ByteString.copyFrom(HexFormat.of().parseHex(digest));
  }

  public static String digest(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }
}
