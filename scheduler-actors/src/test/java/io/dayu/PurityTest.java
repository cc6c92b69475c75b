package io.dayu;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PurityTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(new ImportOption.DoNotIncludeJars())
          .importPackages("io.dayu");

  /** So that a simulator can run them, and a test needs nothing but a snapshot. */
  @Test
  void policiesAndCostsKnowNoActorNoClockAndNoOutsideWorld() {
    assertThat(CLASSES).anyMatch(c -> c.getSimpleName().equals("LeastLoaded"));
    noClasses()
        .that()
        .resideInAnyPackage("io.dayu.collect..", "io.dayu.evaluate..", "io.dayu.policy..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.pekko..", "java.io..", "java.nio..", "java.net.http..", "java.sql..")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .check(CLASSES);
  }

  @Test
  void collectThenEvaluateThenDecideThenRealise() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("collect")
        .definedBy("io.dayu.collect..")
        .layer("evaluate")
        .definedBy("io.dayu.evaluate..")
        .layer("decide")
        .definedBy("io.dayu.policy..")
        .layer("realise")
        .definedBy("io.dayu.realise..")
        .whereLayer("realise")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("decide")
        .mayOnlyBeAccessedByLayers("realise")
        .whereLayer("evaluate")
        .mayOnlyBeAccessedByLayers("decide", "realise")
        .check(CLASSES);
  }
}
