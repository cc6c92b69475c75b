package io.dayu.image;

import com.github.packageurl.MalformedPackageURLException;
import com.github.packageurl.PackageURL;
import com.github.packageurl.PackageURLBuilder;
import io.dayu.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.cyclonedx.Version;
import org.cyclonedx.exception.GeneratorException;
import org.cyclonedx.generators.BomGeneratorFactory;
import org.cyclonedx.model.Bom;
import org.cyclonedx.model.Component;
import org.cyclonedx.model.Hash;
import org.cyclonedx.model.Metadata;
import org.jspecify.annotations.Nullable;

/**
 * What is in an image, in CycloneDX: each jar and package as it was before it was packed, by the
 * names that databases of known faults use. The same image has the same one, so it has neither a
 * time nor a serial number.
 */
final class Sbom {
  private Sbom() {}

  static String of(
      Layers.Order order,
      List<Libraries.Jar> jars,
      List<Packages.Deb> debs,
      Packages packages,
      String java) {
    var components = new ArrayList<Component>();
    for (var deb : debs)
      components.add(
          component(
              Component.Type.LIBRARY,
              deb.name(),
              deb.version(),
              url("deb", packages.distribution(), deb.name(), deb.version())
                  .withQualifier("arch", order.platform().architecture())
                  .withQualifier("distro", packages.suite()),
              deb.file()));
    var runtime = new Component();
    runtime.setType(Component.Type.PLATFORM);
    runtime.setName("openjdk");
    runtime.setVersion(java);
    runtime.setPurl(text(url("generic", null, "openjdk", java)));
    runtime.setBomRef(runtime.getPurl());
    components.add(runtime);
    for (var jar : jars) {
      var url =
          url("maven", jar.group(), jar.artifact(), jar.version()).withQualifier("type", "jar");
      if (!jar.classifier().isEmpty()) url.withQualifier("classifier", jar.classifier());
      var component =
          component(Component.Type.LIBRARY, jar.artifact(), jar.version(), url, jar.file());
      component.setGroup(jar.group());
      components.add(component);
    }
    var image = new Component();
    image.setType(Component.Type.CONTAINER);
    image.setName("dayu/" + order.program().image());
    image.setVersion(version(order, jars));
    var metadata = new Metadata();
    metadata.setTimestamp(null); // the library's default is now
    metadata.setComponent(image);
    var bom = new Bom();
    bom.setMetadata(metadata);
    bom.setComponents(components);
    try {
      return BomGeneratorFactory.createJson(Version.VERSION_16, bom).toJsonString();
    } catch (GeneratorException e) {
      throw new UserException("the inventory cannot be written: " + e.getMessage(), e);
    }
  }

  /** The project's, by the jar of the program itself. */
  static String version(Layers.Order order, List<Libraries.Jar> jars) {
    return jars.stream()
        .filter(jar -> jar.artifact().equals(order.program().module()))
        .map(Libraries.Jar::version)
        .findFirst()
        .orElse("0");
  }

  private static Component component(
      Component.Type type, String name, String version, PackageURLBuilder url, Path file) {
    var component = new Component();
    component.setType(type);
    component.setName(name);
    component.setVersion(version);
    component.setPurl(text(url));
    component.setBomRef(component.getPurl());
    component.addHash(new Hash(Hash.Algorithm.SHA_256, sha256(file)));
    return component;
  }

  private static PackageURLBuilder url(
      String type, @Nullable String namespace, String name, String version) {
    return PackageURLBuilder.aPackageURL()
        .withType(type)
        .withNamespace(namespace)
        .withName(name)
        .withVersion(version);
  }

  private static String text(PackageURLBuilder url) {
    try {
      PackageURL built = url.build();
      return built.canonicalize();
    } catch (MalformedPackageURLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sha256(Path file) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new UserException("cannot read " + file, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
