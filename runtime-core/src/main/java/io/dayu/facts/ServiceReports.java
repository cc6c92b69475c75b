package io.dayu.facts;

import com.google.protobuf.ListValue;
import com.google.protobuf.Value;
import io.dayu.element.MediaType;
import io.dayu.facts.NodeReport.Service;
import io.dayu.facts.wire.CallFacts;
import io.dayu.facts.wire.NamedInputFacts;
import io.dayu.facts.wire.ParameterFacts;
import io.dayu.facts.wire.ServiceFacts;
import io.dayu.stage.NamedInput;
import io.dayu.stage.Parameter;
import io.dayu.stage.ServiceCalls;
import io.dayu.stage.StageDescriptor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What nodes tell of their services, to and from protobuf, and how much of it they tell. */
public final class ServiceReports {
  /** Of one service. */
  public static final int MAX_BYTES = 16 << 10;

  /** Of all services of a node: a report is sent every second. */
  private static final int MAX_BYTES_OF_A_NODE = 48 << 10;

  private ServiceReports() {}

  /** How large a service is in a report. */
  public static int size(Service service) {
    return write(service).getSerializedSize();
  }

  /** As many as a report has room for, in this order. */
  public static List<Service> fit(Collection<Service> services) {
    var fitting = new ArrayList<Service>();
    int room = MAX_BYTES_OF_A_NODE;
    for (var service : services) {
      int bytes = size(service);
      if (bytes > room) continue;
      room -= bytes;
      fitting.add(service);
    }
    return fitting;
  }

  static ServiceFacts write(Service service) {
    var descriptor = service.descriptor();
    var proto =
        ServiceFacts.newBuilder()
            .setType(descriptor.type())
            .setVersion(descriptor.version())
            .setDescription(descriptor.description())
            .addAllPayload(words(descriptor.payload()))
            .addAllInputs(words(descriptor.inputs()))
            .setOutput(descriptor.output().word())
            .setParallelism(descriptor.parallelism())
            .setMemoryMb(descriptor.memoryMb())
            .setTransport(service.transport())
            .setFrom(service.from());
    for (var input : descriptor.namedInputs())
      proto.addNamedInputs(
          NamedInputFacts.newBuilder()
              .setName(input.name())
              .addAllTypes(words(input.types()))
              .setRequired(input.required()));
    descriptor.parameters().forEach(p -> proto.addParameters(write(p)));
    service.calls().forEach(c -> proto.addCalls(write(c)));
    return proto.build();
  }

  /** Empty if this release cannot make sense of it: the rest of the report counts. */
  static Optional<Service> read(ServiceFacts proto) {
    try {
      return Optional.of(
          new Service(
              new StageDescriptor(
                  proto.getType(),
                  proto.getVersion(),
                  proto.getDescription(),
                  types(proto.getPayloadList()),
                  types(proto.getInputsList()),
                  proto.getNamedInputsList().stream()
                      .map(
                          i ->
                              new NamedInput(i.getName(), types(i.getTypesList()), i.getRequired()))
                      .toList(),
                  type(proto.getOutput()),
                  proto.getParametersList().stream().map(ServiceReports::read).toList(),
                  proto.getParallelism(),
                  proto.getMemoryMb()),
              proto.getTransport(),
              proto.getFrom(),
              proto.getCallsList().stream().map(ServiceReports::read).toList()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static CallFacts write(ServiceCalls calls) {
    return CallFacts.newBuilder()
        .setAt(calls.at())
        .setOpen(calls.open())
        .setAnswered(calls.answered())
        .setFailed(calls.failed())
        .setUnreadable(calls.unreadable())
        .setLate(calls.late())
        .setBroken(calls.broken())
        .setFallback(calls.fallback())
        .build();
  }

  private static ServiceCalls read(CallFacts proto) {
    return new ServiceCalls(
        proto.getAt(),
        proto.getOpen(),
        proto.getAnswered(),
        proto.getFailed(),
        proto.getUnreadable(),
        proto.getLate(),
        proto.getBroken(),
        proto.getFallback());
  }

  private static ParameterFacts write(Parameter parameter) {
    var proto =
        ParameterFacts.newBuilder()
            .setName(parameter.name())
            .setType(parameter.type().name().toLowerCase(Locale.ROOT))
            .setRequired(parameter.required())
            .setDescription(parameter.description());
    parameter.defaultValue().ifPresent(value -> proto.setDefault(write(value)));
    return proto.build();
  }

  private static Parameter read(ParameterFacts proto) {
    return new Parameter( // of a service, which gets all of them in each call
        proto.getName(),
        Parameter.Type.valueOf(proto.getType().toUpperCase(Locale.ROOT)),
        proto.getRequired(),
        proto.hasDefault() ? Optional.of(read(proto.getDefault())) : Optional.empty(),
        proto.getDescription(),
        true);
  }

  private static Value write(Object value) {
    var proto = Value.newBuilder();
    if (value instanceof String text) return proto.setStringValue(text).build();
    if (value instanceof Boolean bool) return proto.setBoolValue(bool).build();
    if (value instanceof Number number) return proto.setNumberValue(number.doubleValue()).build();
    if (value instanceof List<?> list) {
      var values = ListValue.newBuilder();
      list.forEach(item -> values.addValues(write(item)));
      return proto.setListValue(values).build();
    }
    throw new IllegalArgumentException("no default of a parameter: " + value.getClass());
  }

  private static Object read(Value proto) {
    return switch (proto.getKindCase()) {
      case STRING_VALUE -> proto.getStringValue();
      case BOOL_VALUE -> proto.getBoolValue();
      case NUMBER_VALUE -> number(proto.getNumberValue());
      case LIST_VALUE ->
          proto.getListValue().getValuesList().stream().map(ServiceReports::read).toList();
      case NULL_VALUE, STRUCT_VALUE, KIND_NOT_SET ->
          throw new IllegalArgumentException("no default of a parameter");
    };
  }

  /** Whole ones as such, which they were. */
  private static Object number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1L << 53) return (long) value;
    return value;
  }

  private static List<String> words(Set<MediaType> types) {
    return types.stream().sorted().map(MediaType::word).toList();
  }

  private static Set<MediaType> types(List<String> words) {
    var types = EnumSet.noneOf(MediaType.class);
    words.forEach(word -> types.add(type(word)));
    return types;
  }

  private static MediaType type(String word) {
    return MediaType.valueOf(word.toUpperCase(Locale.ROOT));
  }
}
