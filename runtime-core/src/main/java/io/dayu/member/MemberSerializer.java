package io.dayu.member;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.dayu.deliver.Distributor;
import io.dayu.facts.Acknowledgements;
import io.dayu.facts.Decision;
import io.dayu.facts.Decisions;
import io.dayu.facts.DeclaredService;
import io.dayu.facts.DeclaredServices;
import io.dayu.facts.DesiredPipeline;
import io.dayu.facts.DroppedPipeline;
import io.dayu.facts.FailedElements;
import io.dayu.facts.NodeReport;
import io.dayu.facts.PipelineVersion;
import io.dayu.facts.Pipelines;
import io.dayu.facts.Reports;
import io.dayu.facts.wire.Ack;
import io.dayu.facts.wire.DeclaredServiceFact;
import io.dayu.facts.wire.DroppedFact;
import io.dayu.facts.wire.Report;
import io.dayu.facts.wire.StreamDecision;
import io.dayu.facts.wire.WantedPipeline;
import io.dayu.member.wire.Delivery;
import io.dayu.member.wire.DeliveryStored;
import io.dayu.member.wire.EdgeReport;
import io.dayu.member.wire.FailedAnswer;
import io.dayu.member.wire.FailedQuestion;
import io.dayu.member.wire.Farewell;
import io.dayu.member.wire.FirstSeqAnswer;
import io.dayu.member.wire.FirstSeqQuestion;
import io.dayu.member.wire.LifeAnswer;
import io.dayu.member.wire.LifeQuestion;
import io.dayu.member.wire.PipelineAnswer;
import io.dayu.member.wire.PipelineDeletion;
import io.dayu.member.wire.PipelineDropped;
import io.dayu.member.wire.PipelineQuestion;
import io.dayu.member.wire.PipelineState;
import io.dayu.member.wire.PipelineSubmission;
import io.dayu.member.wire.PipelineTurn;
import io.dayu.member.wire.PipelineVersionQuestion;
import io.dayu.member.wire.PipelineWanted;
import io.dayu.member.wire.ShortVersion;
import io.dayu.member.wire.ShownResult;
import io.dayu.member.wire.ShownResults;
import io.dayu.member.wire.SideGift;
import io.dayu.member.wire.SideQuestion;
import io.dayu.member.wire.SideTold;
import io.dayu.member.wire.WatchedPipelines;
import io.dayu.pipeline.PipelineDocument;
import io.dayu.pipeline.StreamName;
import io.dayu.store.StoredResult;
import java.io.NotSerializableException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every message between members, as protobuf. Identifier and manifests are frozen and listed in
 * {@code docs/serializers.md}. An unknown manifest is a {@link NotSerializableException}, so that a
 * newer peer is tolerated. Safe for any thread.
 */
public final class MemberSerializer extends SerializerWithStringManifest {
  private static final Logger LOG = LoggerFactory.getLogger(MemberSerializer.class);
  private static final int IDENTIFIER = 74_001;

  private record Codec<T, M extends Message>(
      String manifest, Function<T, M> write, Parser<M> parser, Function<M, T> read) {
    byte[] bytes(Object message, Class<T> type) {
      return write.apply(type.cast(message)).toByteArray();
    }

    Object parse(byte[] bytes) throws com.google.protobuf.InvalidProtocolBufferException {
      return read.apply(parser.parseFrom(bytes));
    }
  }

  private final ActorRefResolver refs;
  private final Map<Class<?>, Codec<?, ?>> byClass = new HashMap<>();
  private final Map<String, Codec<?, ?>> byManifest = new HashMap<>();

  public MemberSerializer(ExtendedActorSystem system) {
    refs = ActorRefResolver.get(Adapter.toTyped(system));
    add("R", NodeReport.class, Reports::write, Report.parser(), MemberSerializer::report);
    add("D", Decision.class, Decisions::write, StreamDecision.parser(), Decisions::read);
    add("P", DesiredPipeline.class, Pipelines::write, WantedPipeline.parser(), Pipelines::read);
    add(
        "X",
        DroppedPipeline.class,
        MemberSerializer::dropped,
        DroppedFact.parser(),
        MemberSerializer::dropped);
    add(
        "V",
        DeclaredService.class,
        DeclaredServices::write,
        DeclaredServiceFact.parser(),
        DeclaredServices::read);
    add(
        "A",
        UplinkActor.Acknowledged.class,
        acknowledged -> Acknowledgements.write(acknowledged.acknowledgement()),
        Ack.parser(),
        proto -> new UplinkActor.Acknowledged(Acknowledgements.read(proto)));
    add(
        "S",
        Distributor.Store.class,
        store ->
            Delivery.newBuilder()
                .setStream(store.stream().toString())
                .addAllElement(store.elements())
                .setReplyTo(refs.toSerializationFormat(store.replyTo()))
                .build(),
        Delivery.parser(),
        proto ->
            new Distributor.Store(
                StreamName.parse(proto.getStream()),
                proto.getElementList(),
                ref(proto.getReplyTo())));
    add(
        "T",
        Distributor.Stored.class,
        stored -> {
          var proto = DeliveryStored.newBuilder().addAllFailed(stored.failed());
          stored.problem().ifPresent(proto::setProblem);
          return proto.build();
        },
        DeliveryStored.parser(),
        proto ->
            new Distributor.Stored(
                proto.hasProblem() ? Optional.of(proto.getProblem()) : Optional.empty(),
                proto.getFailedList()));
    add(
        "Q",
        Gateway.FirstSeq.class,
        ask ->
            FirstSeqQuestion.newBuilder()
                .setStream(ask.stream().toString())
                .setReplyTo(refs.toSerializationFormat(ask.replyTo()))
                .build(),
        FirstSeqQuestion.parser(),
        proto ->
            new Gateway.FirstSeq(StreamName.parse(proto.getStream()), ref(proto.getReplyTo())));
    add(
        "q",
        Gateway.FirstSeqIs.class,
        answer -> {
          var proto = FirstSeqAnswer.newBuilder().setSeq(answer.seq());
          answer.problem().ifPresent(proto::setProblem);
          return proto.build();
        },
        FirstSeqAnswer.parser(),
        proto ->
            new Gateway.FirstSeqIs(
                proto.getSeq(),
                proto.hasProblem() ? Optional.of(proto.getProblem()) : Optional.empty()));
    add(
        "B",
        Gateway.Goodbye.class,
        bye -> Farewell.newBuilder().setAddress(bye.address()).setUid(bye.uid()).build(),
        Farewell.parser(),
        proto -> new Gateway.Goodbye(proto.getAddress(), proto.getUid()));
    add(
        "wq",
        UplinkActor.WhoIsThere.class,
        question ->
            LifeQuestion.newBuilder()
                .setReplyTo(refs.toSerializationFormat(question.replyTo()))
                .build(),
        LifeQuestion.parser(),
        proto -> new UplinkActor.WhoIsThere(ref(proto.getReplyTo())));
    add(
        "wa",
        UplinkActor.ItIs.class,
        answer -> LifeAnswer.newBuilder().setUid(answer.uid()).build(),
        LifeAnswer.parser(),
        proto -> new UplinkActor.ItIs(proto.getUid()));
    add(
        "fq",
        UplinkActor.AskFailed.class,
        asked ->
            FailedQuestions.write(asked.question(), refs.toSerializationFormat(asked.replyTo())),
        FailedQuestion.parser(),
        proto ->
            new UplinkActor.AskFailed(FailedQuestions.question(proto), ref(proto.getReplyTo())));
    failedAnswer("fi", FailedElements.Items.class);
    failedAnswer("fb", FailedElements.Bytes.class);
    failedAnswer("ft", FailedElements.Retried.class);
    failedAnswer("fd", FailedElements.Dropped.class);
    failedAnswer("fr", FailedElements.Refused.class);
    addNews();
    addLiveResults();
    addLifecycle();
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object message) {
    return codec(message).manifest();
  }

  @Override
  public byte[] toBinary(Object message) {
    return bytes(codec(message), message);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    var codec = byManifest.get(manifest);
    if (codec == null)
      throw new NotSerializableException(
          "manifest %s is unknown here; the sender runs a newer release".formatted(manifest));
    try {
      return codec.parse(bytes);
    } catch (com.google.protobuf.InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new NotSerializableException("broken message " + manifest + ": " + e.getMessage());
    }
  }

  /** All manifests, which the documentation must list. */
  Set<String> manifests() {
    return Set.copyOf(byManifest.keySet());
  }

  private <T, M extends Message> void add(
      String manifest, Class<T> type, Function<T, M> write, Parser<M> parser, Function<M, T> read) {
    var codec = new Codec<>(manifest, write, parser, read);
    byClass.put(type, codec);
    if (byManifest.put(manifest, codec) != null)
      throw new IllegalStateException("manifest " + manifest + " is used twice");
  }

  private Codec<?, ?> codec(Object message) {
    var codec = byClass.get(message.getClass());
    if (codec == null)
      throw new IllegalArgumentException(message.getClass().getName() + " has no wire form");
    return codec;
  }

  @SuppressWarnings("unchecked") // byClass holds a codec of T under T
  private static <T> byte[] bytes(Codec<T, ?> codec, Object message) {
    return codec.bytes(message, (Class<T>) message.getClass());
  }

  private <T> ActorRef<T> ref(String text) {
    return refs.resolveActorRef(text);
  }

  private static NodeReport report(Report proto) {
    var report = Reports.read(proto);
    int nameless = proto.getStreamsCount() - report.streams().size();
    if (nameless > 0)
      LOG.warn(
          "{} streams in the report of {} are left out: their names are not <pipeline>/<source>",
          nameless,
          report.node());
    return report;
  }

  private static DroppedFact dropped(DroppedPipeline fact) {
    return DroppedFact.newBuilder().setName(fact.name()).setVersion(fact.version()).build();
  }

  private static DroppedPipeline dropped(DroppedFact proto) {
    return new DroppedPipeline(proto.getName(), proto.getVersion());
  }

  private void addNews() {
    add(
        "er",
        Gateway.Report.class,
        report ->
            EdgeReport.newBuilder()
                .setReport(Reports.write(report.report()))
                .setSession(report.heard().session())
                .setHeard(report.heard().number())
                .setReplyTo(refs.toSerializationFormat(report.replyTo()))
                .build(),
        EdgeReport.parser(),
        proto ->
            new Gateway.Report(
                report(proto.getReport()),
                new News.Place(proto.getSession(), proto.getHeard()),
                ref(proto.getReplyTo())));
    add(
        "en",
        News.class,
        news ->
            io.dayu.member.wire.News.newBuilder()
                .setSession(news.place().session())
                .setNumber(news.place().number())
                .addAllNode(news.nodes().stream().map(Reports::write).toList())
                .addAllGone(news.gone())
                .addAllWanted(news.wanted().stream().map(Pipelines::write).toList())
                .addAllDropped(news.dropped().stream().map(MemberSerializer::dropped).toList())
                .addAllDecision(news.decisions().stream().map(Decisions::write).toList())
                .addAllService(news.services().stream().map(DeclaredServices::write).toList())
                .build(),
        io.dayu.member.wire.News.parser(),
        proto ->
            new News(
                new News.Place(proto.getSession(), proto.getNumber()),
                proto.getNodeList().stream().map(MemberSerializer::report).toList(),
                proto.getGoneList(),
                proto.getWantedList().stream().map(Pipelines::read).toList(),
                proto.getDroppedList().stream().map(MemberSerializer::dropped).toList(),
                proto.getDecisionList().stream().map(Decisions::read).toList(),
                proto.getServiceList().stream().map(DeclaredServices::read).toList()));
  }

  private void addLiveResults() {
    add(
        "lw",
        LiveResults.Watched.class,
        watched ->
            WatchedPipelines.newBuilder()
                .setNode(refs.toSerializationFormat(watched.node()))
                .addAllPipeline(watched.pipelines())
                .build(),
        WatchedPipelines.parser(),
        proto ->
            new LiveResults.Watched(ref(proto.getNode()), Set.copyOf(proto.getPipelineList())));
    add(
        "ls",
        LiveResults.Shown.class,
        shown -> {
          var proto = ShownResults.newBuilder();
          for (var result : shown.results())
            proto.addResult(
                ShownResult.newBuilder()
                    .setElement(result.element())
                    .setFrameKept(result.frameKept()));
          return proto.build();
        },
        ShownResults.parser(),
        proto ->
            new LiveResults.Shown(
                proto.getResultList().stream()
                    .map(result -> new StoredResult(result.getElement(), result.getFrameKept()))
                    .toList()));
  }

  private void addLifecycle() {
    add(
        "ps",
        PipelineEntity.Submit.class,
        submit ->
            PipelineSubmission.newBuilder()
                .setDocument(PipelineDocument.toStruct(submit.spec()))
                .setReplace(submit.replace())
                .setDeclaredOnly(submit.declaredOnly())
                .setState(submit.state().map(Pipelines::write).orElse(0))
                .addAllOnly(submit.only())
                .setReplyTo(refs.toSerializationFormat(submit.replyTo()))
                .build(),
        PipelineSubmission.parser(),
        proto ->
            new PipelineEntity.Submit(
                Pipelines.spec(proto.getDocument()),
                proto.getReplace(),
                proto.getDeclaredOnly(),
                proto.getState() == 0
                    ? Optional.empty()
                    : Optional.of(Pipelines.state(proto.getState())),
                Set.copyOf(proto.getOnlyList()),
                ref(proto.getReplyTo())));
    add(
        "pt",
        PipelineEntity.Turn.class,
        turn ->
            PipelineTurn.newBuilder()
                .setState(Pipelines.write(turn.state()))
                .setReplyTo(refs.toSerializationFormat(turn.replyTo()))
                .build(),
        PipelineTurn.parser(),
        proto ->
            new PipelineEntity.Turn(Pipelines.state(proto.getState()), ref(proto.getReplyTo())));
    add(
        "pg",
        PipelineEntity.Get.class,
        get ->
            PipelineQuestion.newBuilder()
                .setReplyTo(refs.toSerializationFormat(get.replyTo()))
                .build(),
        PipelineQuestion.parser(),
        proto -> new PipelineEntity.Get(ref(proto.getReplyTo())));
    add(
        "pv",
        PipelineEntity.GetVersions.class,
        get ->
            PipelineQuestion.newBuilder()
                .setReplyTo(refs.toSerializationFormat(get.replyTo()))
                .build(),
        PipelineQuestion.parser(),
        proto -> new PipelineEntity.GetVersions(ref(proto.getReplyTo())));
    add(
        "po",
        PipelineEntity.GetVersion.class,
        get ->
            PipelineVersionQuestion.newBuilder()
                .setVersion(get.version())
                .setReplyTo(refs.toSerializationFormat(get.replyTo()))
                .build(),
        PipelineVersionQuestion.parser(),
        proto -> new PipelineEntity.GetVersion(proto.getVersion(), ref(proto.getReplyTo())));
    add(
        "pd",
        PipelineEntity.Delete.class,
        delete ->
            PipelineDeletion.newBuilder()
                .setReplyTo(refs.toSerializationFormat(delete.replyTo()))
                .setUpTo(delete.upTo() == Long.MAX_VALUE ? 0 : delete.upTo())
                .addAllOnly(delete.only())
                .build(),
        PipelineDeletion.parser(),
        proto ->
            new PipelineEntity.Delete(
                proto.getUpTo() == 0 ? Long.MAX_VALUE : proto.getUpTo(),
                Set.copyOf(proto.getOnlyList()),
                ref(proto.getReplyTo())));
    for (var answer :
        Map.of(
                "ac", PipelineEntity.Created.class,
                "ar", PipelineEntity.Replaced.class,
                "ae", PipelineEntity.Exists.class,
                "au", PipelineEntity.Runs.class,
                "aw", PipelineEntity.Was.class,
                "av", PipelineEntity.Versions.class,
                "ax", PipelineEntity.Differs.class,
                "ad", PipelineEntity.Deleted.class,
                "aa", PipelineEntity.Absent.class)
            .entrySet()) answer(answer.getKey(), answer.getValue());
    addSides();
    add(
        "ew",
        PipelineEntity.Wanted.class,
        MemberSerializer::wanted,
        PipelineWanted.parser(),
        MemberSerializer::wanted);
    add(
        "ed",
        PipelineEntity.Dropped.class,
        event -> PipelineDropped.newBuilder().setVersion(event.version()).build(),
        PipelineDropped.parser(),
        proto -> new PipelineEntity.Dropped(proto.getVersion()));
    add(
        "st",
        PipelineEntity.State.class,
        state -> {
          var proto = PipelineState.newBuilder().setVersion(state.version());
          state
              .latest()
              .ifPresent(
                  latest ->
                      proto
                          .setPipeline(Pipelines.write(latest.pipeline()))
                          .setAtMs(millis(latest.at())));
          state.earlier().forEach(was -> proto.addEarlier(wanted(was)));
          if (!state.side().equals(SideState.NONE)) proto.setSide(SideMessages.kept(state.side()));
          return proto.build();
        },
        PipelineState.parser(),
        proto ->
            new PipelineEntity.State(
                proto.getVersion(),
                proto.hasPipeline()
                    ? Optional.of(
                        new PipelineEntity.Wanted(
                            Pipelines.read(proto.getPipeline()), instant(proto.getAtMs())))
                    : Optional.empty(),
                proto.getEarlierList().stream().map(MemberSerializer::wanted).toList(),
                proto.hasSide() ? SideMessages.kept(proto.getSide()) : SideState.NONE));
  }

  private void addSides() {
    answer("sn", PipelineEntity.SidePartTaken.class);
    answer("sv", PipelineEntity.SideGiven.class);
    answer("sr", PipelineEntity.SideRefused.class);
    add(
        "sg",
        PipelineEntity.GiveSide.class,
        give -> SideMessages.gift(give, refs.toSerializationFormat(give.replyTo())),
        SideGift.parser(),
        proto -> SideMessages.gift(proto, ref(proto.getReplyTo())));
    add(
        "sq",
        Gateway.AskSide.class,
        ask -> SideMessages.question(ask, refs.toSerializationFormat(ask.replyTo())),
        SideQuestion.parser(),
        proto -> SideMessages.question(proto, ref(proto.getReplyTo())));
    add(
        "sp",
        Gateway.SidePart.class,
        part ->
            io.dayu.member.wire.SidePart.newBuilder()
                .setTotal(part.total())
                .setPart(part.part())
                .build(),
        io.dayu.member.wire.SidePart.parser(),
        proto -> new Gateway.SidePart(proto.getTotal(), proto.getPart()));
    add(
        "es",
        PipelineEntity.SideTold.class,
        event -> SideMessages.told(event.told()),
        SideTold.parser(),
        proto -> new PipelineEntity.SideTold(SideMessages.told(proto)));
  }

  private static PipelineWanted wanted(PipelineEntity.Wanted wanted) {
    return PipelineWanted.newBuilder()
        .setPipeline(Pipelines.write(wanted.pipeline()))
        .setAtMs(millis(wanted.at()))
        .build();
  }

  private static PipelineEntity.Wanted wanted(PipelineWanted proto) {
    return new PipelineEntity.Wanted(Pipelines.read(proto.getPipeline()), instant(proto.getAtMs()));
  }

  /** 0 stands for a time that is not known. */
  private static long millis(Optional<Instant> at) {
    return at.map(Instant::toEpochMilli).orElse(0L);
  }

  private static Optional<Instant> instant(long millis) {
    return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  private <A extends FailedElements.Answer> void failedAnswer(String manifest, Class<A> type) {
    add(
        manifest,
        type,
        FailedQuestions::write,
        FailedAnswer.parser(),
        proto -> FailedQuestions.answer(proto, type));
  }

  private <T extends PipelineEntity.Answer> void answer(String manifest, Class<T> type) {
    add(
        manifest,
        type,
        MemberSerializer::answer,
        PipelineAnswer.parser(),
        proto -> type.cast(answer(proto)));
  }

  private static PipelineAnswer answer(PipelineEntity.Answer answer) {
    var proto = PipelineAnswer.newBuilder();
    if (answer instanceof PipelineEntity.Created created)
      proto.setKind(PipelineAnswer.Kind.CREATED).setPipeline(Pipelines.write(created.pipeline()));
    else if (answer instanceof PipelineEntity.Replaced replaced)
      proto.setKind(PipelineAnswer.Kind.REPLACED).setPipeline(Pipelines.write(replaced.pipeline()));
    else if (answer instanceof PipelineEntity.Runs runs)
      proto.setKind(PipelineAnswer.Kind.RUNS).setPipeline(Pipelines.write(runs.pipeline()));
    else if (answer instanceof PipelineEntity.Was was)
      proto.setKind(PipelineAnswer.Kind.WAS).setPipeline(Pipelines.write(was.pipeline()));
    else if (answer instanceof PipelineEntity.Versions versions) {
      proto.setKind(PipelineAnswer.Kind.VERSIONS);
      versions.versions().forEach(version -> proto.addVersions(inShort(version)));
    } else if (answer instanceof PipelineEntity.Differs differs)
      proto.setKind(PipelineAnswer.Kind.DIFFERS).setVersion(differs.version());
    else if (answer instanceof PipelineEntity.SidePartTaken)
      proto.setKind(PipelineAnswer.Kind.SIDE_PART);
    else if (answer instanceof PipelineEntity.SideGiven given)
      proto.setKind(PipelineAnswer.Kind.SIDE_GIVEN).setVersion(given.number());
    else if (answer instanceof PipelineEntity.SideRefused refused)
      proto.setKind(PipelineAnswer.Kind.SIDE_REFUSED).setReason(refused.reason());
    else if (answer instanceof PipelineEntity.Exists) proto.setKind(PipelineAnswer.Kind.EXISTS);
    else if (answer instanceof PipelineEntity.Deleted) proto.setKind(PipelineAnswer.Kind.DELETED);
    else proto.setKind(PipelineAnswer.Kind.ABSENT);
    return proto.build();
  }

  private static PipelineEntity.Answer answer(PipelineAnswer proto) {
    return switch (proto.getKind()) {
      case CREATED -> new PipelineEntity.Created(Pipelines.read(proto.getPipeline()));
      case REPLACED -> new PipelineEntity.Replaced(Pipelines.read(proto.getPipeline()));
      case RUNS -> new PipelineEntity.Runs(Pipelines.read(proto.getPipeline()));
      case EXISTS -> new PipelineEntity.Exists();
      case WAS -> new PipelineEntity.Was(Pipelines.read(proto.getPipeline()));
      case VERSIONS ->
          new PipelineEntity.Versions(
              proto.getVersionsList().stream().map(MemberSerializer::inShort).toList());
      case DIFFERS -> new PipelineEntity.Differs(proto.getVersion());
      case DELETED -> new PipelineEntity.Deleted();
      case ABSENT -> new PipelineEntity.Absent();
      case SIDE_PART -> new PipelineEntity.SidePartTaken();
      case SIDE_GIVEN -> new PipelineEntity.SideGiven(proto.getVersion());
      case SIDE_REFUSED -> new PipelineEntity.SideRefused(proto.getReason());
      case KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("unknown answer about a pipeline");
    };
  }

  private static ShortVersion inShort(PipelineVersion version) {
    return ShortVersion.newBuilder()
        .setVersion(version.version())
        .setAtMs(millis(version.at()))
        .setSources(version.sources())
        .setStages(version.stages())
        .setPolicy(version.policy())
        .build();
  }

  private static PipelineVersion inShort(ShortVersion proto) {
    return new PipelineVersion(
        proto.getVersion(),
        instant(proto.getAtMs()),
        proto.getSources(),
        proto.getStages(),
        proto.getPolicy());
  }
}
