package io.dayu.bench.abuse;

/** As whom an attacker comes to a port of nodes. */
enum Guise {
  /** Without a key. */
  NOBODY,
  /** With a key of another authority. */
  FOREIGNER,
  /** With the key of a node of this cluster that was stolen: {@link Keys#STOLEN}. */
  THIEF
}
