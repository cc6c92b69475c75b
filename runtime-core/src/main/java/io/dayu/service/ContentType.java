package io.dayu.service;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** In which forms elements go to services, and outputs come back. */
enum ContentType {
  JSON("application/json"),
  PROTOBUF("application/x-protobuf"),
  JPEG("image/jpeg"),
  WAV("audio/wav"),
  BYTES("application/octet-stream"),
  /** Of answers only. */
  TEXT("text/plain");

  private final String text;

  ContentType(String text) {
    this.text = text;
  }

  /** As in a header. */
  String text() {
    return text;
  }

  /** Without parameters. */
  static String name(String header) {
    int end = header.indexOf(';');
    return (end < 0 ? header : header.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  /** Of a header, parameters left aside; empty if it is none of these. */
  static Optional<ContentType> ofHeader(String header) {
    var name = name(header);
    return Arrays.stream(values()).filter(type -> type.text.equals(name)).findFirst();
  }

  /** One in which elements can go to a service. */
  static Optional<ContentType> of(String name) {
    return ofHeader(name).filter(type -> type != TEXT);
  }

  static String names() {
    return Arrays.stream(values())
        .filter(type -> type != TEXT)
        .map(ContentType::text)
        .collect(Collectors.joining(", "));
  }
}
