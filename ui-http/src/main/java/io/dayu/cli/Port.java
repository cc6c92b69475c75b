package io.dayu.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a port to listen at; 0 is any free one. */
final class Port implements ITypeConverter<Integer> {
  @Override
  public Integer convert(String text) {
    if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= 65_535)
      return Integer.valueOf(text);
    throw new TypeConversionException("'" + text + "' is not a port from 0 to 65535");
  }
}
