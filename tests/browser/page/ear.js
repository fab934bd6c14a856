/** What a page hears: how loud single tones are in everything that it receives, now and over time. */

/** Samples of a look: 170 ms tell tones apart that are 30 Hz apart. */
const LONG = 8192;
/** Samples of a look at a moment: 21 ms, for tones that are far apart. */
const SHORT = 1024;
/** Milliseconds between two looks. */
const PACE = 5;

let context;
/** One for all that arrives, as an ear has it. */
let look;
let glance;
const sources = new Map();

/** The level of each tone in dBFS: a full-scale sine is 0. */
export function tones(connections, frequencies) {
  attend(connections);
  return frequencies.map((frequency) => levelOf(look, frequency));
}

/** Notes the level of a tone from now on: `[milliseconds since 1970, dBFS]`. */
export function trace(connections, frequency) {
  const noted = [];
  setInterval(() => {
    attend(connections);
    noted.push([Date.now(), levelOf(glance, frequency)]);
  }, PACE);
  return noted;
}

/** Connects what has come to be received. */
function attend(connections) {
  context ??= new AudioContext({ sampleRate: 48_000 });
  look ??= new AnalyserNode(context, { fftSize: LONG });
  glance ??= new AnalyserNode(context, { fftSize: SHORT });
  for (const connection of connections) {
    if (connection.connectionState === "closed") continue;
    for (const { track } of connection.getReceivers()) {
      if (track.kind !== "audio" || sources.has(track)) continue;
      const source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(look);
      source.connect(glance);
      sources.set(track, source);
    }
  }
}

/** One line of a discrete Fourier transform under a Blackman window. */
function levelOf(analyser, frequency) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const turn = (2 * Math.PI * frequency) / context.sampleRate;
  let [real, imaginary, weight] = [0, 0, 0];
  for (let index = 0; index < samples.length; index += 1) {
    const phase = (2 * Math.PI * index) / samples.length;
    const window = 0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase);
    real += window * samples[index] * Math.cos(turn * index);
    imaginary += window * samples[index] * Math.sin(turn * index);
    weight += window;
  }
  const amplitude = (2 * Math.hypot(real, imaginary)) / weight;
  return Math.max(-120, 20 * Math.log10(amplitude + 1e-9));
}
