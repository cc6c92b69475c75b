package io.dayu.cloud;

import io.dayu.element.MediaType;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;

/** Puts out what it gets, so that a result is as large as its element was. */
public final class Echo implements StageProvider {
  @Override
  public StageDescriptor descriptor() {
    return new StageDescriptor(
        "echo",
        "1",
        "For tests",
        Set.of(MediaType.OPAQUE),
        Set.of(),
        MediaType.OPAQUE,
        List.of(),
        1,
        1);
  }

  @Override
  public Behavior<StageCommand> create(StageContext context) {
    return Stages.sync(element -> Stages.output(element.getPayload()));
  }
}
