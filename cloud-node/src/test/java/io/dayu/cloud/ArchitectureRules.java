package io.dayu.cloud;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.be;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;

/**
 * Which package may know which: the layers of docs/architecture.md. {@link ArchitectureTest} holds
 * our code to them, {@link ArchitectureRulesTest} shows that each catches what it is for.
 */
final class ArchitectureRules {
  private static final String[] STAGE_API = {
    "io.dayu.element..", "io.dayu.stage..", "io.dayu.source..", "io.dayu.pipeline.."
  };

  /** From top to bottom: each may know those that stand behind it. */
  private static final List<String> RUNTIME_LAYERS =
      List.of(
          "member",
          "flow",
          "node",
          "service",
          "generate",
          "deliver",
          "process",
          "link",
          "side",
          "store",
          "disk",
          "keys",
          "settings",
          "facts");

  private static final String[] RUNTIME =
      Stream.concat(RUNTIME_LAYERS.stream(), Stream.of("read", "log"))
          .map(layer -> "io.dayu." + layer + "..")
          .toArray(String[]::new);

  private static final String[] SCHEDULER = {
    "io.dayu.collect..",
    "io.dayu.evaluate..",
    "io.dayu.policy..",
    "io.dayu.realise..",
    "io.dayu.lab.."
  };
  private static final String[] INTERFACES = {
    "io.dayu.http..",
    "io.dayu.cli..",
    "io.dayu.conformance..",
    "io.dayu.local..",
    "io.dayu.client..",
    "io.dayu.console.."
  };
  private static final String[] ENDS = {
    "io.dayu.cloud..", "io.dayu.edge..", "io.dayu.k8s..", "io.dayu.sim..", "io.dayu.bench.."
  };
  private static final String[] CATALOG = {"io.dayu.catalog.."};

  static final ArchRule EVERY_PACKAGE_BELONGS_TO_A_MODULE =
      classes()
          .that()
          .resideInAPackage("io.dayu..")
          .should()
          .resideInAnyPackage(all(STAGE_API, RUNTIME, SCHEDULER, INTERFACES, ENDS, CATALOG))
          .because("a package without a place here is not covered by the rules below");

  static final ArchRule STAGE_API_KNOWS_ONLY_ITSELF =
      noClasses()
          .that()
          .resideInAnyPackage(STAGE_API)
          .should()
          .dependOnClassesThat(oursOutside(STAGE_API))
          .because("authors of stages and sources compile against it alone");

  static final ArchRule RUNTIME_KNOWS_NEITHER_SCHEDULER_NOR_INTERFACES =
      noClasses()
          .that()
          .resideInAnyPackage(RUNTIME)
          .should()
          .dependOnClassesThat(oursOutside(all(STAGE_API, RUNTIME)))
          .allowEmptyShould(true);

  static final ArchRule RUNTIME_LAYERS_KNOW_ONLY_THOSE_BELOW = layersKnowOnlyThoseBelow();

  static final ArchRule READINGS_STAND_APART =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.read..")
          .should()
          .dependOnClassesThat(oursOutside(all(STAGE_API, "io.dayu.read..")))
          .because("kinds of sources plug in, those of this module too");

  static final ArchRule FACTS_ARE_RECORDS_AND_PROTOBUF =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.facts..")
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      all(
                          STAGE_API,
                          new String[] {
                            "io.dayu.facts..", "com.google.protobuf..", "java..", "org.jspecify.."
                          }))))
          .because("what nodes tell each other does not depend on how they do it");

  static final ArchRule PACKAGES_ARE_FREE_OF_CYCLES =
      SlicesRuleDefinition.slices().matching("io.dayu.(**)").should().beFreeOfCycles();

  static final ArchRule SCHEDULER_KNOWS_NO_INTERFACES =
      noClasses()
          .that()
          .resideInAnyPackage(SCHEDULER)
          .should()
          .dependOnClassesThat(oursOutside(all(STAGE_API, RUNTIME, SCHEDULER)))
          .allowEmptyShould(true);

  static final ArchRule CATALOG_KNOWS_ONLY_THE_STAGE_API =
      noClasses()
          .that()
          .resideInAnyPackage(CATALOG)
          .should()
          .dependOnClassesThat(oursOutside(all(STAGE_API, CATALOG)))
          .because("catalog stages have no privilege over a user's own")
          .allowEmptyShould(true);

  static final ArchRule POLICIES_AND_LAB_KNOW_NO_ACTOR =
      noClasses()
          .that()
          .resideInAnyPackage("io.dayu.policy..", "io.dayu.lab..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.pekko..")
          .because("a policy is a pure function, and the simulator runs without actors")
          .allowEmptyShould(true);

  static final ArchRule NOBODY_KNOWS_THE_CLOUD_NODE =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.dayu.cloud..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.dayu.cloud..");

  static final ArchRule NOBODY_KNOWS_THE_EDGE_NODE =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.dayu.edge..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.dayu.edge..");

  /** A bench plays the API server and the kubelet. */
  static final ArchRule ONLY_K8S_TALKS_TO_KUBERNETES =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.dayu.k8s..", "io.dayu.bench.revision..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.fabric8..");

  static final ArchRule ONLY_INTERFACES_AND_CLOUD_NODE_HAVE_ROUTES =
      noClasses()
          .that(not(resideInAnyPackage(all(INTERFACES, "io.dayu.cloud.."))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.pekko.http..");

  static final ArchRule NOBODY_KNOWS_THE_COMMANDS =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.dayu.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.dayu.cli..")
          .because("benches and tests start clusters and ask them without a command line");

  static final ArchRule LAUNCHER_KNOWS_ONLY_CLIENT_AND_CONSOLE =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.local..")
          .should()
          .dependOnClassesThat(
              oursOutside("io.dayu.local..", "io.dayu.client..", "io.dayu.console.."))
          .because("a node is a program with a class path of its own")
          .allowEmptyShould(true);

  static final ArchRule CLIENT_KNOWS_ONLY_THE_CONSOLE =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.client..")
          .should()
          .dependOnClassesThat(oursOutside("io.dayu.client..", "io.dayu.console.."))
          .because("it meets the HTTP interface as any other program does")
          .allowEmptyShould(true);

  static final ArchRule CONSOLE_KNOWS_ONLY_ITSELF =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.console..")
          .should()
          .dependOnClassesThat(oursOutside("io.dayu.console.."))
          .allowEmptyShould(true);

  static final ArchRule HTTP_KNOWS_NO_CLIENT =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.http..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.dayu.client..", "io.dayu.console..", "io.dayu.local..")
          .allowEmptyShould(true);

  static final ArchRule CAMERAS_KNOW_ONLY_MEDIA_TYPES =
      noClasses()
          .that()
          .resideInAPackage("io.dayu.sim..")
          .should()
          .dependOnClassesThat(oursOutside("io.dayu.sim..", "io.dayu.element.."))
          .because("a camera is not part of the system that watches it")
          .allowEmptyShould(true);

  static final ArchRule NOTHING_DECLARES_JAVA_SERIALIZATION =
      noClasses()
          .that()
          .areNotAssignableTo(Throwable.class)
          .should(be(declared("java.io.Serializable", "java.io.Externalizable")))
          .because("what travels between nodes is protobuf");

  static final ArchRule NOTHING_USES_JAVA_OR_JACKSON_SERIALIZATION =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.io\\.Object(In|Out)putStream|org\\.apache\\.pekko\\.serialization\\.jackson\\..*");

  static final ArchRule ONLY_COMMANDS_PRINT =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.dayu.cli..", "io.dayu.sim..", "io.dayu.bench..")
          .should()
          .accessField(System.class, "out")
          .because("nodes log");

  static final ArchRule TIME_IS_JAVA_TIME = noFields().should().haveRawType(Date.class);

  static final ArchRule LOGGERS_ARE_PRIVATE_STATIC_FINAL =
      fields()
          .that()
          .haveRawType(Logger.class)
          .should()
          .bePrivate()
          .andShould()
          .beStatic()
          .andShould()
          .beFinal()
          .allowEmptyShould(true);

  private ArchitectureRules() {}

  private static ArchRule layersKnowOnlyThoseBelow() {
    var layers =
        Architectures.layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true);
    for (var layer : RUNTIME_LAYERS)
      layers = layers.layer(layer).definedBy("io.dayu." + layer + "..");
    for (int i = 0; i < RUNTIME_LAYERS.size(); i++)
      layers =
          i == 0
              ? layers.whereLayer(RUNTIME_LAYERS.get(0)).mayNotBeAccessedByAnyLayer()
              : layers
                  .whereLayer(RUNTIME_LAYERS.get(i))
                  .mayOnlyBeAccessedByLayers(RUNTIME_LAYERS.subList(0, i).toArray(String[]::new));
    return layers.because("an element's way, out and back, leads through them in this order");
  }

  /** All rules above, each with its name in words. */
  static Map<String, ArchRule> all() {
    var rules = new TreeMap<String, ArchRule>();
    for (var field : ArchitectureRules.class.getDeclaredFields()) {
      if (field.getType() != ArchRule.class) continue;
      try {
        rules.put(
            field.getName().toLowerCase(Locale.ROOT).replace('_', ' '), (ArchRule) field.get(null));
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
    return rules;
  }

  private static DescribedPredicate<JavaClass> oursOutside(String... packages) {
    return resideInAPackage("io.dayu..")
        .and(not(resideInAnyPackage(packages)))
        .as("are ours, outside of %s", List.of(packages));
  }

  /** Inherited from a library, as generated messages do, does not count. */
  private static DescribedPredicate<JavaClass> declared(String... interfaces) {
    var names = List.of(interfaces);
    return DescribedPredicate.describe(
        "declared " + String.join(" or ", names),
        type -> type.getRawInterfaces().stream().anyMatch(i -> names.contains(i.getName())));
  }

  private static DescribedPredicate<JavaClass> not(DescribedPredicate<? super JavaClass> other) {
    return DescribedPredicate.not(other).forSubtype();
  }

  private static String[] all(String[]... groups) {
    return Stream.of(groups).flatMap(Stream::of).toArray(String[]::new);
  }

  private static String[] all(String[] group, String more) {
    return Stream.concat(Stream.of(group), Stream.of(more)).toArray(String[]::new);
  }
}
