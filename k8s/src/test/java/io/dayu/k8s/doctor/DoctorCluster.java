package io.dayu.k8s.doctor;

import io.dayu.client.ApiClient;
import io.dayu.console.Check;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A mock of the API server of a {@link Healthy} cluster, in which things go wrong. */
final class DoctorCluster implements AutoCloseable {
  /** It tells each request, and there are thousands. */
  private static final Logger REQUESTS = Logger.getLogger("io.fabric8.mockwebserver.MockWebServer");

  static {
    REQUESTS.setLevel(Level.WARNING);
  }

  /** Nothing in it goes on. */
  private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);

  private final Answers answers = new Answers(now);
  private final KubernetesMockServer server =
      new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), answers, false);
  private final KubernetesClient client;
  private final List<HasMetadata> healthy;
  private final List<Runnable> undo = new ArrayList<>();

  DoctorCluster(Path directory) throws IOException {
    server.init();
    client = server.createClient();
    healthy = Healthy.objects(client, directory, now);
    for (var object : healthy) create(object);
    mend();
  }

  KubernetesClient client() {
    return client;
  }

  Instant now() {
    return now;
  }

  Answers answers() {
    return answers;
  }

  List<Check> checks(Optional<ApiClient> api) {
    return KubeChecks.of(new View(client, Healthy.NAMESPACE, now, Healthy.K8S), api);
  }

  <T extends HasMetadata> void change(Class<T> kind, String name, Consumer<T> change) {
    var is = find(kind, name);
    var changed = client.getKubernetesSerialization().clone(is);
    change.accept(changed);
    client.resource(is).delete();
    create(changed);
    undo.add(
        () -> {
          client.resource(changed).delete();
          create(is);
        });
  }

  <T extends HasMetadata> void remove(Class<T> kind, String name) {
    var is = find(kind, name);
    client.resource(is).delete();
    undo.add(() -> create(is));
  }

  void add(HasMetadata object) {
    create(object);
    undo.add(() -> client.resource(object).delete());
  }

  /** One in the place of that of its name. */
  @SuppressWarnings("unchecked") // a class of an object is that of its kind
  <T extends HasMetadata> void replace(T object) {
    remove((Class<T>) object.getClass(), object.getMetadata().getName());
    add(object);
  }

  /** As it is where nothing is wrong. */
  void mend() {
    for (int i = undo.size() - 1; i >= 0; i--) undo.get(i).run();
    undo.clear();
    answers.mend();
    answers.dns("edge-1", "169.254.96.16");
    answers.dns("edge-2", "169.254.96.16");
  }

  /** The status of resources that are defined is written by itself, as on a real one. */
  private void create(HasMetadata object) {
    var made = client.resource(object).create();
    if (object instanceof CustomResource<?, ?>) {
      object.getMetadata().setResourceVersion(made.getMetadata().getResourceVersion());
      client.resource(object).updateStatus();
      object.getMetadata().setResourceVersion(null);
    }
  }

  private <T extends HasMetadata> T find(Class<T> kind, String name) {
    return healthy.stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .filter(o -> o.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(kind.getSimpleName() + " " + name));
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }
}
