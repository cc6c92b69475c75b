package io.dayu.catalog.sound;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * Silero VAD (Silero Team, github.com/snakers4/silero-vad, version 6, MIT): how likely it is that
 * somebody speaks, every 32 ms. Its network is small: magnitudes of a short-time Fourier transform,
 * four convolutions, and a recurrent layer that remembers some seconds. It is computed here, in
 * less than a hundredth of the time that the sound lasts, so that an edge that listens needs no
 * runtime for models.
 *
 * <p>Immutable and shared; what it has heard is in a {@link Memory}.
 */
final class SpeechNetwork {
  static final int RATE = 16_000;

  /** New samples at each step, 32 ms. */
  static final int STEP = 512;

  private static final String MODEL = "/models/silero_vad_v6.onnx";

  private static final int CONTEXT = 64; // samples before those of a step that it looks at again
  private static final int MIRRORED = 64; // samples that are added behind them, backwards
  private static final int FOURIER = 256;
  private static final int HOP = 128;
  private static final int BINS = FOURIER / 2 + 1;
  private static final int MOMENTS = (CONTEXT + STEP + MIRRORED - FOURIER) / HOP + 1;
  private static final int HIDDEN = 128;
  private static final int GATES = 4;

  /** What one listener has heard so far. Not thread-safe. */
  static final class Memory {
    private final float[] context = new float[CONTEXT];
    private final float[] hidden = new float[HIDDEN];
    private final float[] cell = new float[HIDDEN];
  }

  /**
   * Numbers by which inputs contribute to outputs. They stand input by input, so that the inner
   * loop has no sum that one step hands to the next and the compiler makes vector instructions of
   * it.
   */
  private record Matrix(float[] byInput, int outputs) {
    /**
     * @param weights of the first output, then of the second …
     * @param stride from one input to the next
     * @param shift of the first input
     */
    private static Matrix of(float[] weights, int outputs, int inputs, int stride, int shift) {
      var byInput = new float[inputs * outputs];
      for (var o = 0; o < outputs; o++)
        for (var i = 0; i < inputs; i++)
          byInput[i * outputs + o] = weights[(o * inputs + i) * stride + shift];
      return new Matrix(byInput, outputs);
    }

    private void add(float[] inputs, int from, int count, float[] sums) {
      for (var i = 0; i < count; i++) {
        var input = inputs[from + i];
        var row = i * outputs;
        for (var o = 0; o < outputs; o++) sums[o] += input * byInput[row + o];
      }
    }
  }

  /**
   * A convolution over three moments with ReLU behind it. A moment is an array of what channels are
   * then.
   *
   * @param kernels for the moment before, the moment itself and the one after
   * @param stride of the moments that are put out
   */
  private record Convolution(Matrix[] kernels, float[] bias, int stride) {
    private static Convolution of(OnnxWeights weights, int index, int in, int out, int stride)
        throws IOException {
      var name = "encoder." + index + ".reparam_conv.";
      var all = weights.get(name + "weight", out * in * 3);
      var kernels = new Matrix[3];
      for (var k = 0; k < kernels.length; k++) kernels[k] = Matrix.of(all, out, in, 3, k);
      return new Convolution(kernels, weights.get(name + "bias", out), stride);
    }

    private float[][] apply(float[][] moments) {
      var output = new float[(moments.length - 1) / stride + 1][];
      for (var t = 0; t < output.length; t++) {
        var sums = bias.clone();
        for (var k = 0; k < kernels.length; k++) {
          var from = t * stride + k - 1;
          if (from < 0 || from >= moments.length) continue;
          kernels[k].add(moments[from], 0, moments[from].length, sums);
        }
        for (var o = 0; o < sums.length; o++) sums[o] = Math.max(0, sums[o]);
        output[t] = sums;
      }
      return output;
    }
  }

  private final Matrix waves; // real parts of all bins, then imaginary parts
  private final Convolution[] encoder;
  private final Matrix ofInput;
  private final Matrix ofHidden;
  private final float[] gateBias;
  private final float[] outputWeights;
  private final float outputBias;

  private SpeechNetwork(OnnxWeights weights) throws IOException {
    waves =
        Matrix.of(
            weights.get("stft.forward_basis_buffer", 2 * BINS * FOURIER), 2 * BINS, FOURIER, 1, 0);
    encoder =
        new Convolution[] {
          Convolution.of(weights, 0, BINS, 128, 1),
          Convolution.of(weights, 1, 128, 64, 2),
          Convolution.of(weights, 2, 64, 64, 2),
          Convolution.of(weights, 3, 64, HIDDEN, 1)
        };
    ofInput = gates(weights, "decoder.rnn.weight_ih");
    ofHidden = gates(weights, "decoder.rnn.weight_hh");
    gateBias = weights.get("decoder.rnn.bias_ih", GATES * HIDDEN).clone();
    var second = weights.get("decoder.rnn.bias_hh", GATES * HIDDEN);
    for (var i = 0; i < gateBias.length; i++) gateBias[i] += second[i];
    outputWeights = weights.get("decoder.decoder.2.weight", HIDDEN);
    outputBias = weights.get("decoder.decoder.2.bias", 1)[0];
  }

  private static Matrix gates(OnnxWeights weights, String name) throws IOException {
    return Matrix.of(weights.get(name, GATES * HIDDEN * HIDDEN), GATES * HIDDEN, HIDDEN, 1, 0);
  }

  /** The network as it is shipped, loaded once. */
  static SpeechNetwork shared() {
    return Shared.NETWORK;
  }

  private static final class Shared {
    private static final SpeechNetwork NETWORK = load();

    private static SpeechNetwork load() {
      try (var in = Objects.requireNonNull(SpeechNetwork.class.getResourceAsStream(MODEL), MODEL)) {
        return new SpeechNetwork(OnnxWeights.read(in.readAllBytes(), "then_branch"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Hears the next samples.
   *
   * @param samples from {@code offset} on, {@link #STEP} of them at {@link #RATE}
   * @return how likely it is that somebody speaks in them, 0 to 1
   */
  float next(float[] samples, int offset, Memory memory) {
    var heard = new float[CONTEXT + STEP + MIRRORED];
    System.arraycopy(memory.context, 0, heard, 0, CONTEXT);
    System.arraycopy(samples, offset, heard, CONTEXT, STEP);
    var end = CONTEXT + STEP;
    for (var i = 0; i < MIRRORED; i++) heard[end + i] = heard[end - 2 - i];
    System.arraycopy(heard, STEP, memory.context, 0, CONTEXT);
    var features = magnitudes(heard);
    for (var convolution : encoder) features = convolution.apply(features);
    remember(features[0], memory); // the strides have left one moment
    var sum = outputBias;
    for (var i = 0; i < HIDDEN; i++) sum += outputWeights[i] * Math.max(0, memory.hidden[i]);
    return sigmoid(sum);
  }

  private float[][] magnitudes(float[] heard) {
    var moments = new float[MOMENTS][BINS];
    for (var t = 0; t < MOMENTS; t++) {
      var parts = new float[2 * BINS];
      waves.add(heard, t * HOP, FOURIER, parts);
      for (var bin = 0; bin < BINS; bin++) {
        var real = parts[bin];
        var imaginary = parts[BINS + bin];
        moments[t][bin] = (float) Math.sqrt(real * real + imaginary * imaginary);
      }
    }
    return moments;
  }

  /** A long short-term memory; its gates are input, forget, cell and output, in this order. */
  private void remember(float[] features, Memory memory) {
    var gates = gateBias.clone();
    ofInput.add(features, 0, HIDDEN, gates);
    ofHidden.add(memory.hidden, 0, HIDDEN, gates);
    for (var i = 0; i < HIDDEN; i++) {
      var kept = sigmoid(gates[HIDDEN + i]) * memory.cell[i];
      memory.cell[i] = kept + sigmoid(gates[i]) * (float) Math.tanh(gates[2 * HIDDEN + i]);
      memory.hidden[i] = sigmoid(gates[3 * HIDDEN + i]) * (float) Math.tanh(memory.cell[i]);
    }
  }

  private static float sigmoid(float x) {
    return (float) (1 / (1 + Math.exp(-x)));
  }
}
