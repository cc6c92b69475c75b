package io.dayu.edge;

import com.typesafe.config.Config;
import io.dayu.facts.NodeReport.Role;
import io.dayu.flow.Controller;
import io.dayu.flow.FlowNode;
import io.dayu.member.MemberUplink;
import io.dayu.member.Membership;
import io.dayu.node.Endpoints;
import io.dayu.node.Launch;
import io.dayu.node.NodeSettings;
import io.dayu.pipeline.Catalog;
import io.dayu.service.Services;
import io.dayu.settings.HostPort;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An edge node: streams, and membership when the cloud can be reached. */
public final class EdgeNode {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeNode.class);

  /** An edge that cannot reach the cloud is ready too, after this. */
  private static final int ALONE_AFTER_SECONDS = 10;

  private EdgeNode() {}

  public static void main(String[] args) {
    Launch.run(args, EdgeNode::start);
  }

  private static Runnable start(Config config) {
    var settings = NodeSettings.from(Role.EDGE, config);
    Endpoints.clear(settings.self().dataDir());
    var uplink = new MemberUplink();
    var catalog = Catalog.load(Set.of());
    var services = Services.start(settings.services(), catalog, settings.self().dataDir());
    uplink.problem(services::problem);
    var flow =
        FlowNode.start(
            settings,
            config,
            services.in(catalog),
            uplink,
            known ->
                services.declared(known.services().values(), settings.self().name(), Role.EDGE));
    flow.whenEndedByItself(Launch::giveUp);
    services.whenChanged(() -> flow.controller().tell(Controller.ServicesChanged.INSTANCE));
    var member = Membership.start(settings, config, flow, uplink, Launch::giveUp);
    member
        .whenMember()
        .orTimeout(ALONE_AFTER_SECONDS, TimeUnit.SECONDS)
        .handle(
            (done, late) -> {
              if (late != null)
                LOG.warn(
                    "no cloud node of dayu.cluster.seeds = {} answers; this edge works alone and keeps trying",
                    settings.cluster().seeds());
              return null;
            })
        .join();
    Endpoints.write(
        settings.self().dataDir(),
        Map.of(
            "name", settings.self().name(),
            "cluster", member.address(),
            "data", HostPort.text(settings.self().host(), flow.dataAddress().getPort()),
            "pid", Long.toString(ProcessHandle.current().pid()),
            "readySeconds", Launch.ready(settings)));
    return () -> {
      flow.finish();
      member.stop();
      flow.stop();
      services.close();
    };
  }
}
