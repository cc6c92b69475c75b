package io.dayu.service;

import com.google.protobuf.ByteString;
import io.dayu.element.Element;
import io.dayu.side.SideValues;
import io.dayu.stage.Inputs;
import io.dayu.stage.ModelFiles;
import io.dayu.stage.Params;
import io.dayu.stage.SideInput;
import io.dayu.stage.SideInputs;
import io.dayu.stage.StageContext;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** A stage with the side input {@code limits}, whose value is the number of its version. */
final class TestSides implements SideInputs {
  static ServiceCall.Stage stage() {
    return ServiceCall.Stage.of(
        new StageContext(
            "my-pipe",
            "count-1",
            "edge-1",
            new Params(Map.of()),
            Inputs.NONE,
            ModelFiles.NONE,
            new TestSides()));
  }

  static ByteString json(long version) {
    return ByteString.copyFromUtf8(Long.toString(version));
  }

  static String digest(long version) {
    return SideValues.digest(json(version));
  }

  @Override
  public List<String> names() {
    return List.of("limits");
  }

  @Override
  public SideInput get(Element element, String name) {
    if (element.getSide() == 0) throw new NoSuchElementException("version 0 is not kept here");
    return new SideInput(digest(element.getSide()), json(element.getSide()), element.getSide());
  }
}
