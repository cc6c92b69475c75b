package io.dayu.facts;

import io.dayu.member.MemberSerializer;

/**
 * Marks what may cross between members; {@link MemberSerializer} knows every one of them. Nothing
 * without this mark, or Pekko's own, can be sent to another node, since Java serialization is off.
 */
public interface Wire {}
