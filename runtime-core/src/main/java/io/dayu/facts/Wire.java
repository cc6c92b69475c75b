package io.dayu.facts;

/**
 * Marks what may cross between members; the member serializer knows every one of them. Nothing
 * without this mark, or Pekko's own, can be sent to another node, since Java serialization is off.
 */
public interface Wire {}
