package io.dayu.process;

import io.dayu.element.Box;
import io.dayu.element.Boxes;
import io.dayu.element.Element;
import io.dayu.element.Media;
import io.dayu.element.MediaType;
import io.dayu.element.Outputs;
import io.dayu.pipeline.PerBox;
import io.dayu.pipeline.PipelineSpec.StageSpec;
import io.dayu.stage.Causes;
import io.dayu.stage.Outcome;
import io.dayu.stage.StageCommand;
import io.dayu.stage.StageContext;
import io.dayu.stage.StageDescriptor;
import io.dayu.stage.StageProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * A stage that is asked {@link PerBox per box}: for each box of an earlier stage it gets an element
 * whose payload is what is in the box, and whose one output is the box itself. Its answers become
 * one output ({@link BoxAnswers}). A box of a track that it has answered for not long ago is not
 * asked again.
 *
 * <p>The stage itself runs in an actor below this one. When that crashes, so does this one, and the
 * processor starts both again. If one box fails so does the element; when it is tried again, tracks
 * that were answered for are not asked again.
 */
final class PerBoxStage extends AbstractBehavior<Object> {
  /** An answer of the stage. */
  private record Answered(Job job, int box, Outcome outcome) {}

  /** One question to the stage. */
  private record Question(Job job, int box, Element element) {}

  /** An element whose boxes are asked. */
  private static final class Job {
    final Element element;
    final ActorRef<Outcome> replyTo;
    final List<Box> boxes;
    final Map<Integer, Media> answers = new TreeMap<>(); // by box
    final Map<Integer, Integer> sharing = new HashMap<>(); // boxes that get another one's answer
    int open;
    Optional<Outcome.Failed> failed = Optional.empty();

    Job(Element element, ActorRef<Outcome> replyTo, List<Box> boxes) {
      this.element = element;
      this.replyTo = replyTo;
      this.boxes = boxes;
    }
  }

  private final String id;
  private final PerBox perBox;
  private final MediaType given; // by the stage
  private final MediaType together;
  private final int parallelism;
  private final Duration timeout;
  private final LongSupplier nanos;
  private final ActorRef<StageCommand> stage;
  private final TrackAnswers known;
  private final ArrayDeque<Job> jobs = new ArrayDeque<>(); // as many as the processor may send
  private final ArrayDeque<Question> questions = new ArrayDeque<>(); // of the jobs
  private int asked;

  private PerBoxStage(
      ActorContext<Object> context,
      StageSpec spec,
      StageDescriptor descriptor,
      Behavior<StageCommand> behavior,
      Duration timeout,
      LongSupplier nanos) {
    super(context);
    this.id = spec.id();
    this.perBox = spec.perBox().orElseThrow();
    this.given = descriptor.output();
    this.together = PerBox.output(given).orElse(given);
    this.parallelism = descriptor.parallelism();
    this.timeout = timeout;
    this.nanos = nanos;
    this.known = new TrackAnswers(perBox.reuse());
    this.stage =
        context.spawn(
            Behaviors.intercept(SurvivedErrors::new, behavior),
            "stage",
            DispatcherSelector.sameAsParent());
    context.watch(stage);
  }

  /**
   * The stage as its place in the pipeline wants it: {@code provider} itself unless it is asked per
   * box.
   *
   * @param timeout for an answer about one box
   * @param nanos a clock as {@link System#nanoTime}
   */
  static StageProvider around(
      StageProvider provider, StageSpec spec, Duration timeout, LongSupplier nanos) {
    if (spec.perBox().isEmpty()) return provider;
    return new StageProvider() {
      @Override
      public StageDescriptor descriptor() {
        return PerBox.around(provider.descriptor());
      }

      @Override
      public Behavior<StageCommand> create(StageContext context) {
        var behavior = provider.create(context);
        return Behaviors.<Object>setup(
                c -> new PerBoxStage(c, spec, provider.descriptor(), behavior, timeout, nanos))
            .narrow();
      }
    };
  }

  @Override
  public Receive<Object> createReceive() {
    return newReceiveBuilder()
        .onMessage(StageCommand.Process.class, this::onProcess)
        .onMessage(Answered.class, this::onAnswered)
        .onSignal(
            ChildFailed.class,
            failed -> {
              throw new IllegalStateException(Causes.words(failed.getCause()), failed.getCause());
            })
        .onSignal(
            Terminated.class,
            stopped -> {
              throw new IllegalStateException("it stopped itself");
            })
        .build();
  }

  private Behavior<Object> onProcess(StageCommand.Process process) {
    var element = process.element();
    var output = Outputs.find(element, perBox.of()).filter(Media::hasBoxes);
    if (output.isEmpty()) {
      process.replyTo().tell(failed("there are no boxes of stage " + perBox.of()));
      return this;
    }
    // The processor sends no more at once: the oldest of them was given up by it.
    if (jobs.size() >= parallelism) drop(jobs.remove());
    var job = new Job(element, process.replyTo(), output.get().getBoxes().getBoxList());
    jobs.add(job);
    try {
      begin(job);
    } catch (IOException e) {
      drop(job);
      jobs.remove(job);
      process.replyTo().tell(failed("a frame cannot be read: " + Causes.words(e)));
    }
    pump();
    return this;
  }

  private static Outcome failed(String reason) {
    return new Outcome.Failed(reason, false);
  }

  private void drop(Job job) {
    questions.removeIf(question -> question.job() == job);
  }

  private void begin(Job job) throws IOException {
    long now = nanos.getAsLong();
    var stream = job.element.getStream();
    var crops = new Crops(job.element.getPayload().getFrames());
    var first = new HashMap<Long, Integer>(); // box of a track that is asked
    for (int i : chosen(job.boxes)) {
      var box = job.boxes.get(i);
      var before = known.find(stream, box.getTrack(), now);
      var same = known.counts(box.getTrack()) ? first.get(box.getTrack()) : null;
      if (before.isPresent()) {
        int at = i;
        before.get().ifPresent(answer -> job.answers.put(at, answer));
      } else if (same != null) job.sharing.put(i, same);
      else {
        var crop = crops.cut(asked(job.element, box));
        if (crop.isEmpty()) continue;
        first.put(box.getTrack(), i);
        job.open++;
        questions.add(new Question(job, i, question(job.element, i, box, crop.get())));
      }
    }
    if (job.open == 0) end(job);
  }

  /** The largest of those that are wanted: there is most to be seen in them. */
  private List<Integer> chosen(List<Box> boxes) {
    return IntStream.range(0, boxes.size())
        .filter(i -> perBox.labels().isEmpty() || perBox.labels().contains(boxes.get(i).getLabel()))
        .boxed()
        .sorted(
            Comparator.comparing(
                (Integer i) -> -boxes.get(i).getWidth() * boxes.get(i).getHeight()))
        .limit(perBox.atMost())
        .toList();
  }

  /** A box with its margin, as far as both are within the frame. */
  private Box asked(Element element, Box box) {
    var frames = element.getPayload().getFrames();
    double aspect = 1; // of the frame, where its size is told
    if (box.getFrame() >= 0 && box.getFrame() < frames.getFrameCount()) {
      var frame = frames.getFrame(box.getFrame());
      if (frame.getWidth() > 0 && frame.getHeight() > 0)
        aspect = (double) frame.getWidth() / frame.getHeight();
    }
    double longer = Math.max(box.getWidth() * aspect, box.getHeight());
    double beside = perBox.margin() * longer / aspect;
    double above = perBox.margin() * longer;
    float left = Crops.clamp(box.getX() - beside);
    float top = Crops.clamp(box.getY() - above);
    return box.toBuilder()
        .setX(left)
        .setY(top)
        .setWidth(Crops.clamp(box.getX() + box.getWidth() + beside) - left)
        .setHeight(Crops.clamp(box.getY() + box.getHeight() + above) - top)
        .build();
  }

  private Element question(Element element, int index, Box box, Media crop) {
    var alone = Boxes.newBuilder().addBox(box.toBuilder().clearFrame());
    return element.toBuilder()
        .clearOutputs()
        .setPayload(crop)
        .setPart(index + 1)
        .addOutputs(Outputs.of(perBox.of(), Media.newBuilder().setBoxes(alone).build()))
        .build();
  }

  private void pump() {
    while (asked < parallelism && !questions.isEmpty()) {
      var question = questions.remove();
      asked++;
      getContext()
          .ask(
              Outcome.class,
              stage,
              timeout,
              replyTo -> new StageCommand.Process(question.element(), replyTo),
              (outcome, error) ->
                  new Answered(
                      question.job(),
                      question.box(),
                      error == null
                          ? outcome
                          : new Outcome.Failed("no answer about a box in time", true)));
    }
  }

  private Behavior<Object> onAnswered(Answered answered) {
    asked--;
    take(answered.job(), answered.box(), answered.outcome());
    pump();
    return this;
  }

  private void take(Job job, int index, Outcome outcome) {
    var box = job.boxes.get(index);
    var answer = Optional.<Media>empty();
    if (outcome instanceof Outcome.Failed failed) job.failed = Optional.of(failed);
    else if (outcome instanceof Outcome.Output output && MediaType.of(output.media()) != given)
      job.failed =
          Optional.of(
              new Outcome.Failed(
                  "it gave %s, its description says %s"
                      .formatted(MediaType.of(output.media()).word(), given.word()),
                  false));
    else {
      if (outcome instanceof Outcome.Output output) answer = Optional.of(output.media());
      answer.ifPresent(media -> job.answers.put(index, media));
      known.keep(job.element.getStream(), box.getTrack(), answer, nanos.getAsLong());
    }
    job.open--;
    if (job.open == 0 && jobs.contains(job)) end(job);
  }

  private void end(Job job) {
    jobs.remove(job);
    if (job.failed.isPresent()) {
      job.replyTo.tell(job.failed.get());
      return;
    }
    job.sharing.forEach(
        (box, same) -> {
          var answer = job.answers.get(same);
          if (answer != null) job.answers.put(box, answer);
        });
    var answers = new BoxAnswers(id, perBox.of(), together);
    job.answers.forEach(
        (box, answer) -> answers.add(box, asked(job.element, job.boxes.get(box)), answer));
    job.replyTo.tell(new Outcome.Output(answers.output()));
  }
}
