package io.dayu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.dayu.local.Home;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The services of {@code examples}; {@code ExamplesClusterIT} runs the pipelines. */
class ExamplesTest {
  private static final Path HOME = Home.find().root();
  private static final Path EXAMPLES = HOME.resolve("examples");

  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "node node-service/service.js",
        "python3 python-service/service.py",
        "python3 driving/stand_ins.py road",
        "python3 driving/stand_ins.py risk"
      })
  void theyKeepTheContract(String program) {
    var words = List.of(program.split(" "));
    var arguments = new ArrayList<>(List.of("stage", "test", "env", pythonPath(), words.get(0)));
    arguments.add(EXAMPLES.resolve(words.get(1)).toString());
    arguments.addAll(words.subList(2, words.size()));
    var run = Cli.run(arguments.toArray(String[]::new));
    assertThat(run.code()).as(run.out() + run.err()).isZero();
  }

  @Test
  void theirOwnTestsPass() throws Exception {
    assertThat(runs("python-service", "env", pythonPath(), "python3", "-m", "unittest"))
        .contains("Ran 1 test", "OK");
    assertThat(runs("node-service", "node", "--test")).contains("pass 3", "fail 0");
  }

  @Test
  void theirDeclarationsCanBeUsed() {
    ServiceFiles.check(
        List.of(
            EXAMPLES.resolve("driving/services.conf"),
            EXAMPLES.resolve("python-service/service.conf"),
            EXAMPLES.resolve("node-service/service.conf")),
        Home.find());
  }

  private static String pythonPath() {
    return "PYTHONPATH=%s".formatted(HOME.resolve("sdk/python"));
  }

  private String runs(String example, String... command) throws Exception {
    var output = dir.resolve("out");
    var process =
        new ProcessBuilder(command)
            .directory(EXAMPLES.resolve(example).toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    var text = Files.readString(output);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }
}
