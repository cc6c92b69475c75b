package io.dayu.k8s.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.ConfigMapVolumeSource;
import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimVolumeSource;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.SecretVolumeSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A service in a container, which does the work of stages of the type of its name beside the
 * members of some nodes.
 *
 * @param image for nodes that none of {@code images} fits
 * @param images the first whose selector fits a node is its image
 * @param port in the container, with {@code network: pod}; given by the operator otherwise
 * @param network {@code host}, the default, or {@code pod}
 * @param replicas nodes that have it at most
 * @param load {@code always}, the default, on these nodes; or {@code onDemand} on those of them on
 *     which pipelines want it
 * @param parameters in the environment, and each a file in {@code /etc/dayu/parameters}
 * @param dynamic names of those that change while containers go on: they are files and nothing else
 * @param service what the member is told of it beside its address, as in {@code dayu.services}
 * @param rollOut how a new revision takes over
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record StageServiceSpec(
    @Nullable String image,
    List<ImageFor> images,
    List<String> command,
    List<String> args,
    @Nullable Integer port,
    @Nullable String network,
    Placement placement,
    @Nullable Integer replicas,
    @Nullable String load,
    @Nullable OnDemand onDemand,
    Map<String, String> parameters,
    List<String> dynamic,
    List<EnvVar> env,
    List<Mount> mounts,
    List<String> devices,
    @Nullable ResourceRequirements resources,
    List<LocalObjectReference> imagePullSecrets,
    @Nullable String runtimeClassName,
    @Nullable Long runAsUser,
    boolean privileged,
    @Nullable Health health,
    Map<String, Object> service,
    RollOut rollOut) {
  public StageServiceSpec {
    images = images == null ? List.of() : List.copyOf(images);
    command = command == null ? List.of() : List.copyOf(command);
    args = args == null ? List.of() : List.copyOf(args);
    placement = placement == null ? new Placement(null, List.of(), Map.of()) : placement;
    parameters = parameters == null ? Map.of() : Map.copyOf(parameters);
    dynamic = dynamic == null ? List.of() : List.copyOf(dynamic);
    env = env == null ? List.of() : List.copyOf(env);
    mounts = mounts == null ? List.of() : List.copyOf(mounts);
    devices = devices == null ? List.of() : List.copyOf(devices);
    imagePullSecrets = imagePullSecrets == null ? List.of() : List.copyOf(imagePullSecrets);
    service = service == null ? Map.of() : Map.copyOf(service);
    rollOut = rollOut == null ? new RollOut(null, null, null, null) : rollOut;
  }

  /** An image for nodes with all of these labels, such as those of a GPU. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record ImageFor(Map<String, String> nodeSelector, String image) {}

  /**
   * On which nodes: those that fit all of it; without any of it all that have a member.
   *
   * @param role {@code cloud} or {@code edge}
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Placement(
      @Nullable String role, List<String> nodes, Map<String, String> nodeSelector) {
    public Placement {
      nodes = nodes == null ? List.of() : List.copyOf(nodes);
      nodeSelector = nodeSelector == null ? Map.of() : Map.copyOf(nodeSelector);
    }
  }

  /**
   * @param standby nodes that are to have it though no pipeline wants it
   * @param idleSeconds how long it stays where no pipeline wants it any more
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record OnDemand(@Nullable Integer standby, @Nullable Integer idleSeconds) {
    public int atLeast() {
      return Optional.ofNullable(standby).orElse(0);
    }

    public int idle() {
      return Optional.ofNullable(idleSeconds).orElse(300);
    }
  }

  /**
   * What the container sees of its host or of other resources; one of the sources.
   *
   * @param envName of a variable with {@code path}
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Mount(
      String path,
      @Nullable String subPath,
      boolean readOnly,
      @Nullable String propagation,
      @Nullable String envName,
      @Nullable Host host,
      @Nullable ConfigMapVolumeSource configMap,
      @Nullable SecretVolumeSource secret,
      @Nullable PersistentVolumeClaimVolumeSource persistentVolumeClaim,
      @Nullable EmptyDirVolumeSource emptyDir) {}

  /**
   * @param type one of the seven of Kubernetes, {@code Directory} to {@code BlockDevice}
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Host(String path, @Nullable String type) {}

  /** What is asked to see that it works; without it, whether its port is open. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Health(String path) {}

  /**
   * @param deadlineSeconds for a new revision to become ready
   * @param watchSeconds that it is called before the old one is left
   * @param maxFailedPercent of its calls, above which it is taken back
   * @param drainSeconds that members are waited for which do not say what calls they have left at
   *     the old one
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record RollOut(
      @Nullable Integer deadlineSeconds,
      @Nullable Integer watchSeconds,
      @Nullable Integer maxFailedPercent,
      @Nullable Integer drainSeconds) {
    public int deadline() {
      return Optional.ofNullable(deadlineSeconds).orElse(120);
    }

    public int watch() {
      return Optional.ofNullable(watchSeconds).orElse(30);
    }

    public int maxFailed() {
      return Optional.ofNullable(maxFailedPercent).orElse(10);
    }

    public int drain() {
      return Optional.ofNullable(drainSeconds).orElse(15);
    }
  }

  public boolean isLoadedOnDemand() {
    return "onDemand".equals(load);
  }

  public boolean onHostNetwork() {
    return !"pod".equals(network);
  }
}
