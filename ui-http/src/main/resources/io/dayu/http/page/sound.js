// Draws and plays kept sound.

const WIDTH = 480;
const HEIGHT = 120;
const COLOUR = "#4cc9f0";
const RATE = 48000; // of what is drawn and played

let playing = null;

/** The samples of a WAV file, as an AudioBuffer. */
export async function samplesOf(blob) {
  return new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
}

/** The loudest and the lowest of the first channel in each column. */
export function drawSound(canvas, sound) {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const g = canvas.getContext("2d");
  g.fillStyle = COLOUR;
  const samples = sound.getChannelData(0);
  const middle = HEIGHT / 2;
  for (let x = 0; x < WIDTH; x++) {
    let high = 0;
    let low = 0;
    const end = Math.ceil(((x + 1) * samples.length) / WIDTH);
    for (let i = Math.floor((x * samples.length) / WIDTH); i < end; i++) {
      high = Math.max(high, samples[i]);
      low = Math.min(low, samples[i]);
    }
    g.fillRect(x, middle - high * middle, 1, Math.max(1, (high - low) * middle));
  }
}

/** Plays sound in place of what was played before. */
export async function play(sound) {
  await playing?.close();
  playing = new AudioContext();
  const source = playing.createBufferSource();
  source.buffer = sound;
  source.connect(playing.destination);
  source.start();
}
