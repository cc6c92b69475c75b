package io.dayu.k8s.reconcile;

import io.dayu.k8s.desired.ErrorRate.Figures;
import io.dayu.k8s.reconcile.Declarations.Caller;
import java.util.Collection;

/**
 * What members say of their calls to a revision.
 *
 * @param calling members that call it
 * @param done of these, those that say that none of their calls is left elsewhere, and none goes
 *     there any more
 * @param elsewhere calls that those which call it have left elsewhere
 * @param figures how calls to it have ended
 * @param before how those calls have ended that the same members made before
 */
record Traffic(int calling, int done, int elsewhere, Figures figures, Figures before) {
  static final Traffic NONE = new Traffic(0, 0, 0, Figures.NONE, Figures.NONE);

  /**
   * @param port of the revision. An earlier one may have had it too, so only those calls of a
   *     member count for it that are told first.
   */
  static Traffic of(Collection<Caller> callers, int port) {
    int calling = 0;
    int done = 0;
    int elsewhere = 0;
    var figures = Figures.NONE;
    var before = Figures.NONE;
    for (var caller : callers) {
      if (!leadsTo(caller.at(), port)) continue;
      calling++;
      if (caller.calls().isEmpty()) continue;
      figures = figures.with(caller.calls().get(0));
      int left = 0;
      boolean fallsBack = false;
      for (var other : caller.calls().subList(1, caller.calls().size())) {
        left += other.open();
        fallsBack |= other.fallback();
        // A fallback gets what is hard.
        if (!other.fallback() && !leadsTo(other.at(), port)) before = before.with(other);
      }
      elsewhere += left;
      if (left == 0 && !fallsBack) done++;
    }
    return new Traffic(calling, done, elsewhere, figures, before);
  }

  private static boolean leadsTo(String at, int port) {
    return at.endsWith(":" + port) || at.endsWith(":%s/".formatted(port));
  }
}
