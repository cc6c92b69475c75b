package io.dayu.member;

import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.dispatch.sysmsg.DeathWatchNotification;
import org.apache.pekko.dispatch.sysmsg.Unwatch;
import org.apache.pekko.dispatch.sysmsg.Watch;
import org.apache.pekko.remote.serialization.SystemMessageSerializer;
import org.jspecify.annotations.Nullable;
import scala.Option;

/**
 * Pekko's system messages as it writes them. From another node only those about the watching of
 * actors are taken; the others stop, suspend or restart any actor.
 */
public final class HarmlessSignals extends SystemMessageSerializer {
  /** Called by Pekko. */
  public HarmlessSignals(ExtendedActorSystem system) {
    super(system);
  }

  @Override
  public Object fromBinary(byte[] bytes, @Nullable Option<Class<?>> manifest) {
    var signal = super.fromBinary(bytes, manifest);
    if (signal instanceof Watch
        || signal instanceof Unwatch
        || signal instanceof DeathWatchNotification) return signal;
    throw new IllegalArgumentException(
        "no other node may send " + signal.getClass().getSimpleName());
  }
}
