package io.dayu.cloud;

import com.google.protobuf.ByteString;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import io.dayu.stage.Stages;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Stages as bad as their authors can make them; nodes find them on {@link #classPath}. */
public final class BadStages {
  private static final Outcome DONE =
      new Outcome.Output(Media.newBuilder().setOpaque(ByteString.EMPTY).build());

  private BadStages() {}

  /** What makes a node know these stages. */
  static Path classPath() {
    try {
      return Path.of(BadStages.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StageDescriptor descriptor(String type, int parallelism) {
    return new StageDescriptor(
        type,
        "1",
        "For tests",
        MediaType.all(),
        MediaType.all(),
        MediaType.OPAQUE,
        List.of(),
        parallelism,
        1);
  }

  /** Throws on every tenth element. */
  public static final class Tenth implements StageProvider {
    @Override
    public StageDescriptor descriptor() {
      return BadStages.descriptor("throws-on-tenth", 4);
    }

    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Stages.sync(
          element -> {
            if (element.getSeq() % 10 == 0) throw new IllegalStateException("not this one");
            return DONE;
          });
    }
  }

  /** Never answers. */
  public static final class Mute implements StageProvider {
    @Override
    public StageDescriptor descriptor() {
      return BadStages.descriptor("never-answers", 4);
    }

    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Behaviors.receive(StageCommand.class)
          .onMessage(StageCommand.Process.class, process -> Behaviors.same())
          .build();
    }
  }

  /** Its actor dies of every twentieth element. */
  public static final class Crashing implements StageProvider {
    @Override
    public StageDescriptor descriptor() {
      return BadStages.descriptor("crashes", 1);
    }

    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Behaviors.receive(StageCommand.class)
          .onMessage(
              StageCommand.Process.class,
              process -> {
                if (process.element().getSeq() % 20 == 7)
                  throw new IllegalStateException("broken beyond repair");
                process.replyTo().tell(DONE);
                return Behaviors.same();
              })
          .build();
    }
  }

  /** Meets an error after which a node cannot be relied on. */
  public static final class Fatal implements StageProvider {
    @Override
    public StageDescriptor descriptor() {
      return BadStages.descriptor("meets-a-fatal-error", 1);
    }

    @Override
    public Behavior<StageCommand> create(StageContext context) {
      return Stages.sync(
          element -> {
            throw new OutOfMemoryError("Java heap space");
          });
    }
  }
}
