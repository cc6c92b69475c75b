package io.dayu.bench.link;

/** The ways that are compared; Dayu's own comes first in every round. */
enum Mechanism {
  DAYU("dayu", "Dayu link", new DayuTransport(false)),
  DAYU_KEYS("dayuKeys", "Dayu link, with keys", new DayuTransport(true)),
  STOCK_STREAMS("stockFramedStreams", "Streams TCP, stock framing", new StockStreamsTransport()),
  RAW_STREAMS("rawStreams", "Streams TCP, raw bytes", new RawStreamsTransport()),
  BLOCKING_SOCKETS("blockingSockets", "blocking sockets", new BlockingSocketsTransport());

  private final String key;
  private final String title;

  @SuppressWarnings("ImmutableEnumChecker") // transports have no state
  private final Transport transport;

  Mechanism(String key, String title, Transport transport) {
    this.key = key;
    this.title = title;
    this.transport = transport;
  }

  /** In reports for programs. */
  String key() {
    return key;
  }

  /** In reports for people. */
  String title() {
    return title;
  }

  Transport transport() {
    return transport;
  }
}
