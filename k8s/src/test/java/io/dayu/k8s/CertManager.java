package io.dayu.k8s;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.io.Serializable;
import java.util.List;

/**
 * What the manifests use of cert-manager's resources (cert-manager.io/v1), to read them strictly.
 */
final class CertManager {
  private CertManager() {}

  abstract static class Resource implements HasMetadata {
    private static final long serialVersionUID = 1L;

    private String apiVersion = "";
    private String kind = "";
    private ObjectMeta metadata = new ObjectMeta();

    @Override
    public String getApiVersion() {
      return apiVersion;
    }

    @Override
    public void setApiVersion(String version) {
      apiVersion = version;
    }

    @Override
    public String getKind() {
      return kind;
    }

    public void setKind(String kind) {
      this.kind = kind;
    }

    @Override
    public ObjectMeta getMetadata() {
      return metadata;
    }

    @Override
    public void setMetadata(ObjectMeta metadata) {
      this.metadata = metadata;
    }
  }

  @JsonDeserialize(using = JsonDeserializer.None.class)
  static final class Certificate extends Resource {
    private static final long serialVersionUID = 1L;

    @JsonProperty CertificateSpec spec;
  }

  @JsonDeserialize(using = JsonDeserializer.None.class)
  static final class Issuer extends Resource {
    private static final long serialVersionUID = 1L;

    @JsonProperty IssuerSpec spec;
  }

  record CertificateSpec(
      Boolean isCA,
      String commonName,
      List<String> dnsNames,
      String secretName,
      String duration,
      String renewBefore,
      PrivateKey privateKey,
      List<String> usages,
      IssuerRef issuerRef)
      implements Serializable {}

  record PrivateKey(String algorithm, Integer size, String encoding, String rotationPolicy)
      implements Serializable {}

  record IssuerRef(String group, String kind, String name) implements Serializable {}

  record IssuerSpec(SelfSigned selfSigned, Authority ca) implements Serializable {}

  record SelfSigned() implements Serializable {}

  record Authority(String secretName) implements Serializable {}
}
