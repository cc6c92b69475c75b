package io.dayu.k8s.desired;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DifferenceTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // actual | desired | whether nothing is to be done
        "{'spec':{'type':'ClusterIP','clusterIP':'10.0.0.1'}} | {'spec':{'type':'ClusterIP'}} | true",
        "{'spec':{'type':'NodePort'}} | {'spec':{'type':'ClusterIP'}} | false",
        "{} | {'metadata':{'labels':{}}} | true",
        "{} | {'metadata':{'labels':{'a':'b'}}} | false",
        "{'ports':[{'port':1,'protocol':'TCP'}]} | {'ports':[{'port':1}]} | true",
        "{'ports':[{'port':1},{'port':2}]} | {'ports':[{'port':1}]} | false",
        "{'data':{'a':'1','b':'2'}} | {'data':{'a':'1'}} | false",
        "{'data':{'a':'1'}} | {'data':{}} | false",
        "{'limits':{'cpu':'500m'}} | {'limits':{'cpu':'0.5'}} | true",
        "{'limits':{'cpu':'500m'}} | {'limits':{'cpu':'0.6'}} | false",
        "{'limits':{'memory':'1Gi'}} | {'limits':{'memory':'1024Mi'}} | true",
        "{'a':1} | {'a':1.0} | true",
      })
  void differsOnlyWhereSomethingElseIsSaid(String actual, String desired, boolean covered)
      throws JsonProcessingException {
    assertThat(Difference.covers(json(actual), json(desired))).isEqualTo(covered);
    var merged = Difference.merge(json(actual), json(desired));
    assertThat(Difference.covers(merged, json(desired))).as("after the write: %s", merged).isTrue();
  }

  @Test
  void whatTheServerHasAddedStays() throws JsonProcessingException {
    assertThat(
            Difference.merge(
                json("{'clusterIP':'10.0.0.1','ports':[{'port':1,'nodePort':9}]}"),
                json("{'ports':[{'port':2}]}")))
        .isEqualTo(json("{'clusterIP':'10.0.0.1','ports':[{'port':2,'nodePort':9}]}"));
  }

  private static JsonNode json(String text) throws JsonProcessingException {
    return new ObjectMapper().readTree(text.strip().replace('\'', '"'));
  }
}
