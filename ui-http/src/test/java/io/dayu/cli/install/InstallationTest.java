package io.dayu.cli.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dayu.console.UserException;
import io.dayu.local.Home;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstallationTest {
  private static final Path K8S = Home.find().root().resolve("k8s");

  @TempDir private Path directory;

  @Test
  void theDefaultsCanBeInstalled() {
    assertThat(InstallationCheck.problems(Installation.defaults(K8S))).isEmpty();
  }

  @Test
  void laterValuesWinAndListsAreReplaced() throws Exception {
    var file =
        Files.writeString(
            directory.resolve("values.yaml"),
            "ports: {data: 25531}\nnodes: {cloud: [{name: a, address: 192.0.2.1}]}\n");
    var of =
        Installation.defaults(K8S)
            .with(file)
            .with("ports.data=25532")
            .with("nodes.cloud=[{name: b, address: '2001:db8::1'}]")
            .withNode("edge", "c", "192.0.2.3")
            .checked();
    assertThat(of.at("ports.data").asInt()).isEqualTo(25532);
    assertThat(of.at("ports.cluster").asInt()).isEqualTo(25520);
    assertThat(of.nodes("cloud")).extracting(Installation.Node::service).containsExactly("node-b");
    assertThat(of.nodes("edge")).extracting(Installation.Node::name).containsExactly("c");
    assertThat(of.differs("ports.data")).isTrue();
    assertThat(of.differs("ports.cluster")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "port=1|there is no port;",
        "ports.dta=1|there is no ports.dta",
        "ports=25|ports has parts",
        "ports|write NAME=VALUE",
        "keys=[|is no YAML"
      })
  void whatThereIsNotIsTold(String setting, String told) {
    assertThatThrownBy(() -> Installation.defaults(K8S).with(setting))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(told);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ports.data=25520|ports.cluster and ports.data are both 25520",
        "ports.data=10350|KubeEdge uses port 10350",
        "ports.data='x'|ports.data is \"x\"",
        "ports.data=70000|ports.data is 70000",
        "keys=none|host, secrets or cert-manager",
        "keys=secrets|nodes.cloud is empty",
        "images.edge=registry.example:5000/dayu/edge-node|with a tag or a digest",
        "images.edge=dayu/edge-node:latest|is :latest",
        "directories.state=/etc/dayu/keys|are the same",
        "directories.keys=keys|an absolute path",
        "namespace=Dayu|a name of a namespace",
        "edgeLabel=a b|the name of a label",
        "resources.edge.memory=lots|a quantity",
        "minAvailable=0|a number from 1 on",
        "operator=maybe|true or false",
        "postgres.enabled=true|the network of the cloud nodes",
        "nodes.edge=[{name: Edge.1, address: 192.0.2.1}]|is no DNS label",
        "nodes.edge=[{name: e, address: edge-1.example}]|InternalIP",
        "nodes.edge=[{name: e, address: 192.0.2.1, site: x}]|there is only name and address",
        "nodes.edge=[{name: e, address: 192.0.2.1},{name: e, address: 192.0.2.2}]|e is there twice",
        "nodes.edge=edge-1|a list of"
      })
  void whatCannotBeInstalledIsToldByItsName(String setting, String told) {
    assertThatThrownBy(() -> Installation.defaults(K8S).with(setting).checked())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(told);
  }

  @Test
  void allProblemsAreToldAtOnce() {
    var of = Installation.defaults(K8S).with("namespace=A").with("minAvailable=0");
    assertThat(InstallationCheck.problems(of)).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "registry.example:5000/dayu/edge-node:0.2",
    "dayu/edge-node@sha256:0123456789abcdef",
    "edge:1"
  })
  void imagesHaveATagOrADigest(String image) {
    assertThat(InstallationCheck.problems(Installation.defaults(K8S).with("images.edge=" + image)))
        .isEmpty();
  }
}
