package io.dayu.cli.install;

import java.util.Arrays;
import java.util.Optional;

/** Where nodes have their keys from. */
enum Keys {
  HOST("host"),
  SECRETS("secrets"),
  CERT_MANAGER("cert-manager");

  private final String word;

  Keys(String word) {
    this.word = word;
  }

  static Optional<Keys> of(String word) {
    return Arrays.stream(values()).filter(keys -> keys.word.equals(word)).findFirst();
  }
}
