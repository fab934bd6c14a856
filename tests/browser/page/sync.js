/**
 * Measures lip sync as people would: a flash and a beep at the same moment, again and again. The same detectors watch
 * them at the source and at the viewer, so that what is counted is only what the way between has added.
 *
 * A flash is seen when a frame is about to be shown (`requestVideoFrameCallback`), a beep is heard when its samples are
 * rendered (an audio worklet). Both are told in milliseconds since 1970, which all pages of a machine share.
 */
const EVERY = 400;
const LASTS = 100;

/** Times of flashes and beeps. */
const seen = [];
const heard = [];

const EAR = `
  let loud = false;
  registerProcessor("ear", class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (!samples) return true;
      const first = samples.findIndex((sample) => Math.abs(sample) > 0.05);
      if (first < 0) {
        this.quiet = (this.quiet ?? 0) + 1;
        // A sine passes through zero, and packets may be concealed: only a longer silence ends a beep.
        if (this.quiet > 12) loud = false;
        return true;
      }
      this.quiet = 0;
      if (!loud) this.port.postMessage(Date.now() + (first * 1000) / sampleRate);
      loud = true;
      return true;
    }
  });`;

/** Makes the tracks to publish. */
async function source() {
  const context = await running();
  const oscillator = new OscillatorNode(context, { frequency: 1000 });
  const gate = new GainNode(context, { gain: 0 });
  const out = context.createMediaStreamDestination();
  oscillator.connect(gate).connect(out);
  oscillator.start();

  const canvas = document.body.appendChild(document.createElement("canvas"));
  [canvas.width, canvas.height] = [320, 180];
  const brush = canvas.getContext("2d");
  let next = performance.now() + EVERY;
  let frame = 0;
  const draw = () => {
    const now = performance.now();
    if (now >= next + LASTS) next += EVERY;
    const lit = now >= next;
    gate.gain.value = lit ? 0.8 : 0;
    brush.fillStyle = lit ? "#fff" : "#000";
    brush.fillRect(0, 0, 320, 180);
    // Something moves in every frame, so that each is encoded.
    brush.fillStyle = "#888";
    brush.fillRect((frame++ * 4) % 320, 170, 8, 8);
    requestAnimationFrame(draw);
  };
  draw();
  return [out.stream.getAudioTracks()[0], canvas.captureStream(60).getVideoTracks()[0]];
}

/** Watches and listens. */
async function detect(audio, video) {
  const context = await running();
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([EAR], { type: "text/javascript" })));
  const ear = new AudioWorkletNode(context, "ear");
  ear.port.onmessage = ({ data }) => heard.push(data);
  context.createMediaStreamSource(new MediaStream([audio])).connect(ear);

  const element = document.body.appendChild(document.createElement("video"));
  // The picture waits for the sound only where both are played together.
  element.srcObject = new MediaStream([video, audio]);
  await element.play();
  const canvas = new OffscreenCanvas(1, 1);
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  let lit = false;
  const look = (_now, { expectedDisplayTime }) => {
    brush.drawImage(element, 0, 0, 1, 1);
    const bright = brush.getImageData(0, 0, 1, 1).data[0] > 128;
    if (bright && !lit) seen.push(performance.timeOrigin + expectedDisplayTime);
    lit = bright;
    element.requestVideoFrameCallback(look);
  };
  element.requestVideoFrameCallback(look);
}

async function running() {
  const context = new AudioContext();
  await context.resume();
  return context;
}

window.sync = { source, detect, seen, heard };
