package io.dayu.service;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How a node calls a service. */
enum Transport {
  HTTP,
  GRPC;

  /** As in a declaration. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<Transport> of(String word) {
    return Arrays.stream(values()).filter(transport -> transport.word().equals(word)).findFirst();
  }

  static String words() {
    return Arrays.stream(values()).map(Transport::word).collect(Collectors.joining(" or "));
  }
}
