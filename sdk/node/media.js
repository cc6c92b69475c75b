// What flows between stages, and its JSON form. What a message brings is checked here once; a wrong one throws a
// MediaError with the reason.

export const TYPES = [
  "frames",
  "boxes",
  "labels",
  "text",
  "readings",
  "opaque",
  "tracks",
  "keypoints",
  "masks",
  "regions",
  "attributes",
  "audio",
];

export class MediaError extends Error {}

/** Media from its JSON form. */
export function fromJson(media) {
  if (!isObject(media)) throw new MediaError("media is a JSON object with a type");
  const type = media.type;
  if (!TYPES.includes(type))
    throw new MediaError(`media has the type ${JSON.stringify(type)}, not one of ${TYPES.join(", ")}`);
  switch (type) {
    case "frames":
      return { type, fps: number(media, "fps", 0), frames: list(media, type).map(frameFromJson) };
    case "opaque":
      return { type, opaque: base64(media, type), ...contentType(media) };
    case "audio":
      return { type, audio: { ...audio(media.audio), data: base64(media.audio, "data") } };
    case "keypoints":
      return { type, keypoints: list(media, type).map(READ[type]), bones: bones(media) };
    default:
      return { type, [type]: list(media, type).map(READ[type]) };
  }
}

/** The JSON form of media, which are checked on the way. */
export function toJson(media) {
  const type = media.type;
  switch (type) {
    case "opaque":
      return { type, opaque: bytes(media.opaque, "opaque").toString("base64"), ...contentType(media) };
    case "audio":
      return { type, audio: { ...audio(media.audio), data: bytes(media.audio.data, "data").toString("base64") } };
    case "keypoints":
      return { type, keypoints: list(media, type).map(READ[type]), bones: bones(media) };
    case "readings":
      return { type, readings: list(media, type).map((each) => ({ ...reading(each), at: time(each.at).toISOString() })) };
    case "frames":
      return {
        type,
        fps: number(media, "fps", 0),
        frames: list(media, type).map((each) => {
          const made = frame(each);
          return { ...made, jpeg: made.jpeg.toString("base64") };
        }),
      };
    default:
      return { type, [type]: list(media, type).map(READ[type]) };
  }
}

/** What a stage's function gave, as media of the type that the stage declares. */
export function output(value, declared) {
  if (value === undefined || value === null)
    throw new MediaError(`the stage's function returned ${value}, not ${declared} and not a Skip`);
  if (isObject(value) && TYPES.includes(value.type) && (value.type in value || value.type !== declared)) {
    if (value.type !== declared)
      throw new MediaError(`the stage's function returned ${value.type}, and the stage declares ${declared}`);
    return value;
  }
  if (declared === "opaque") return { type: "opaque", opaque: bytes(value, "opaque") };
  if (declared === "audio" && isObject(value)) return { type: "audio", audio: value };
  if (declared === "attributes" && isObject(value))
    return { type: declared, attributes: Object.entries(value).map(([name, value]) => ({ name, value: String(value) })) };
  if (declared === "frames")
    return { type: "frames", fps: 0, frames: value instanceof Uint8Array ? [value] : array(value, declared) };
  if (declared === "text")
    return { type: "text", text: typeof value === "string" ? value.split(/\r?\n/) : array(value, declared) };
  if (declared === "labels" && isObject(value))
    return { type: "labels", labels: Object.entries(value).map(([name, value]) => ({ name, value })) };
  return { type: declared, [declared]: array(value, declared) };
}

/** The sound of a WAV file of 16-bit samples. */
export function sound(file) {
  const bad = (what) => new MediaError(`this is no WAV file of 16-bit samples: ${what}`);
  if (file.length < 12 || file.toString("latin1", 0, 4) !== "RIFF" || file.toString("latin1", 8, 12) !== "WAVE")
    throw bad("it does not begin as one");
  let made = null;
  for (let at = 12; at + 8 <= file.length; ) {
    const tag = file.toString("latin1", at, at + 4);
    const length = file.readUInt32LE(at + 4);
    at += 8;
    if (tag === "data") {
      if (!made) throw bad("the data come before their format");
      // A program that writes to a pipe does not know the length beforehand.
      const whole = Math.min(length, file.length - at);
      return { ...made, data: file.subarray(at, at + whole - (whole % (2 * made.channels))) };
    }
    if (tag === "fmt ") {
      if (at + 16 > file.length || file.readUInt16LE(at + 14) !== 16) throw bad("its samples have another size");
      made = { data: file, sampleRate: file.readUInt32LE(at + 4), channels: file.readUInt16LE(at + 2), offsetMs: 0 };
      if (made.channels < 1) throw bad("it has no channel");
    }
    at += length + (length % 2);
  }
  throw bad("it has no data");
}

/** A frame from a JPEG file, with its size read from the file. */
export function picture(jpeg) {
  if (jpeg.length < 2 || jpeg.readUInt16BE(0) !== 0xffd8) throw new MediaError("this is no JPEG file");
  for (let at = 2; at + 9 < jpeg.length && jpeg[at] === 0xff; ) {
    const marker = jpeg[at + 1];
    if (marker === 0xff) at++; // filling
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return { jpeg, width: jpeg.readUInt16BE(at + 7), height: jpeg.readUInt16BE(at + 5), offsetMs: 0 };
    else at += 2 + jpeg.readUInt16BE(at + 2);
  }
  throw new MediaError("this JPEG file is cut off or damaged: it does not say how large it is");
}

const READ = {
  boxes: (box) => ({
    x: number(box, "x"),
    y: number(box, "y"),
    width: number(box, "width"),
    height: number(box, "height"),
    label: string(box, "label", ""),
    score: number(box, "score", 0),
    track: number(box, "track", 0),
    frame: number(box, "frame", 0),
  }),
  labels: (label) => ({ name: string(label, "name"), value: number(label, "value") }),
  text: (line) => {
    if (typeof line !== "string") throw new MediaError(`a line of text is ${shown(line)}, not a string`);
    return line;
  },
  readings: reading,
  tracks: (track) => ({
    id: number(track, "id", 0),
    label: string(track, "label", ""),
    points: list(track, "points").map((point) => ({
      x: number(point, "x"),
      y: number(point, "y"),
      offsetMs: number(point, "offsetMs", 0),
    })),
  }),
  keypoints: (pose) => ({
    label: string(pose, "label", ""),
    ...found(pose),
    points: list(pose, "points").map((point) => ({
      name: string(point, "name", ""),
      x: number(point, "x"),
      y: number(point, "y"),
      score: number(point, "score", 0),
    })),
  }),
  masks: (mask) => ({
    x: number(mask, "x"),
    y: number(mask, "y"),
    width: number(mask, "width"),
    height: number(mask, "height"),
    label: string(mask, "label", ""),
    ...found(mask),
    columns: number(mask, "columns"),
    rows: number(mask, "rows"),
    runs: numbers(mask.runs, "runs"),
  }),
  regions: (region) => ({
    corners: list(region, "corners").map((corner) => numbers(corner, "a corner", 2)),
    text: string(region, "text", ""),
    ...found(region),
  }),
  attributes: (attribute) => ({
    name: string(attribute, "name", ""),
    value: string(attribute, "value"),
    score: number(attribute, "score", 0),
    of: string(attribute, "of", ""),
    track: number(attribute, "track", 0),
    ...(attribute.box === undefined || attribute.box === null ? {} : { box: number(attribute, "box") }),
  }),
};

/** What poses, masks and regions have in common with boxes. */
function found(each) {
  return { score: number(each, "score", 0), track: number(each, "track", 0), frame: number(each, "frame", 0) };
}

function audio(each) {
  return {
    sampleRate: number(each, "sampleRate", 0),
    channels: number(each, "channels", 1),
    offsetMs: number(each, "offsetMs", 0),
    ...contentType(each),
  };
}

function contentType(each) {
  const type = string(each, "contentType", "");
  return type ? { contentType: type } : {};
}

function bones(media) {
  return (media.bones ?? []).map((bone) => {
    if (!Array.isArray(bone) || bone.length !== 2 || !bone.every((name) => typeof name === "string"))
      throw new MediaError(`a bone is ${shown(bone)}, not two names`);
    return bone;
  });
}

function numbers(value, what, length = value?.length) {
  if (!Array.isArray(value) || value.length !== length || !value.every((each) => Number.isFinite(each)))
    throw new MediaError(`${what} is ${shown(value)}, no list of numbers`);
  return value;
}

function reading(each) {
  return {
    sensor: string(each, "sensor", ""),
    at: time(field(each, "at")),
    value: number(each, "value"),
    unit: string(each, "unit", ""),
  };
}

function frame(each) {
  if (each instanceof Uint8Array) return picture(bytes(each, "jpeg"));
  return {
    jpeg: bytes(field(each, "jpeg"), "jpeg"),
    width: number(each, "width", 0),
    height: number(each, "height", 0),
    offsetMs: number(each, "offsetMs", 0),
  };
}

function frameFromJson(each) {
  if (!isObject(each)) throw new MediaError(`a frame is ${shown(each)}, not an object`);
  return frame({ ...each, jpeg: base64(each, "jpeg") });
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function array(value, what) {
  if (!Array.isArray(value)) throw new MediaError(`the stage's function returned ${shown(value)}, which is no ${what}`);
  return value;
}

function list(media, type) {
  if (!Array.isArray(media[type])) throw new MediaError(`${type} is no list`);
  return media[type];
}

function field(object, name, otherwise) {
  if (!isObject(object)) throw new MediaError(`${shown(object)} instead of an object`);
  const value = object[name] ?? otherwise;
  if (value === undefined) throw new MediaError(`${name} is missing`);
  return value;
}

function number(object, name, otherwise) {
  const value = field(object, name, otherwise);
  if (typeof value !== "number" || !Number.isFinite(value)) throw new MediaError(`${name} is ${shown(value)}, no number`);
  return value;
}

function string(object, name, otherwise) {
  const value = field(object, name, otherwise);
  if (typeof value !== "string") throw new MediaError(`${name} is ${shown(value)}, not a string`);
  return value;
}

function bytes(value, what) {
  if (!(value instanceof Uint8Array)) throw new MediaError(`${what} is ${shown(value)}, no bytes`);
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

// Node leaves out what is no base64 instead of saying so.
export function base64(object, name) {
  const text = string(object, name);
  const decoded = Buffer.from(text, "base64");
  if (text.length % 4 !== 0 || decoded.length !== (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0))
    throw new MediaError(`${name} is bad base64`);
  return decoded;
}

function time(value) {
  const at = typeof value === "string" && /^\d{4}-/.test(value) ? new Date(value) : value;
  if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw new MediaError(`at is ${shown(value)}, no time`);
  return at;
}

function shown(value) {
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
