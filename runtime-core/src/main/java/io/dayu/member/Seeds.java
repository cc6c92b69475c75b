package io.dayu.member;

import java.util.concurrent.CompletionStage;

/** What the cloud says of this node when it is asked outside membership. */
interface Seeds {
  /** Whether the one that was asked has this life of the node among its members. */
  enum Answer {
    MEMBER,
    /** A member that a cloud node finds unreachable. */
    UNREACHABLE,
    UNKNOWN,
    /** There was no answer, or one that cannot be read: nothing is known. */
    NONE
  }

  /** Asks one cloud node, another one each time. Never fails; answers within seconds. */
  CompletionStage<Answer> ask(MemberSystem.Identity identity);
}
