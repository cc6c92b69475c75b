/** Stages of Dayu in Node.js: a function is the whole programme. */

export type MediaType =
  | "frames"
  | "boxes"
  | "labels"
  | "text"
  | "readings"
  | "opaque"
  | "tracks"
  | "keypoints"
  | "masks"
  | "regions"
  | "attributes"
  | "audio";

/** One picture; sizes in pixels, `offsetMs` from the start of the source. */
export interface Frame {
  jpeg: Buffer;
  width: number;
  height: number;
  offsetMs: number;
}

/** A box in fractions of the frame's width and height, origin top left. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  label: string;
  score: number;
  /** Identity over time, 0 if unknown. */
  track: number;
  /** Index of the frame within the element. */
  frame: number;
}

/** A name with a count, a score or a measure. */
export interface Label {
  name: string;
  value: number;
}

/** A value of a sensor, by the sensor's clock. */
export interface Reading {
  sensor: string;
  at: Date;
  value: number;
  unit: string;
}

/** Where a thing has been, the newest point last; in fractions of the frame. */
export interface Track {
  id: number;
  label: string;
  points: { x: number; y: number; offsetMs: number }[];
}

/** The named points of one person or thing, in fractions of the frame. */
export interface Pose {
  label: string;
  score: number;
  track: number;
  frame: number;
  points: { name: string; x: number; y: number; score: number }[];
}

/** A grid of cells over a part of the frame, which is given in fractions. */
export interface Mask {
  x: number;
  y: number;
  width: number;
  height: number;
  label: string;
  score: number;
  track: number;
  frame: number;
  columns: number;
  rows: number;
  /** Lengths of runs of cells, row by row, outside and inside in turn; the first is outside and may be 0. */
  runs: number[];
}

/** A place with text; corners in fractions, three or more, clockwise. */
export interface Region {
  corners: [number, number][];
  text: string;
  score: number;
  track: number;
  frame: number;
}

/** What is known of the thing in box number `box` (from 0) of stage `of`; of the whole element without these. */
export interface Attribute {
  name: string;
  value: string;
  score: number;
  of: string;
  track: number;
  box?: number;
}

/** Samples of 16 bits, signed, little-endian, channels in turn; or encoded, as `contentType` says. */
export interface Sound {
  data: Buffer;
  sampleRate: number;
  channels: number;
  offsetMs: number;
  contentType?: string;
}

export interface Frames {
  type: "frames";
  /** Frames per second of the source at which they were read. */
  fps: number;
  frames: Frame[];
}
export interface Boxes {
  type: "boxes";
  boxes: Box[];
}
export interface Labels {
  type: "labels";
  labels: Label[];
}
export interface Text {
  type: "text";
  text: string[];
}
export interface Readings {
  type: "readings";
  readings: Reading[];
}
export interface Opaque {
  type: "opaque";
  opaque: Buffer;
  /** What the bytes are, if anybody has said. */
  contentType?: string;
}
export interface Tracks {
  type: "tracks";
  tracks: Track[];
}
export interface Keypoints {
  type: "keypoints";
  keypoints: Pose[];
  /** Names of points between which a line is drawn. */
  bones: [string, string][];
}
export interface Masks {
  type: "masks";
  masks: Mask[];
}
export interface Regions {
  type: "regions";
  regions: Region[];
}
export interface Attributes {
  type: "attributes";
  attributes: Attribute[];
}
export interface Audio {
  type: "audio";
  audio: Sound;
}

export interface MediaOf {
  frames: Frames;
  boxes: Boxes;
  labels: Labels;
  text: Text;
  readings: Readings;
  opaque: Opaque;
  tracks: Tracks;
  keypoints: Keypoints;
  masks: Masks;
  regions: Regions;
  attributes: Attributes;
  audio: Audio;
}
export type Media = MediaOf[MediaType];

/** What a function may give for an output: the media, or what they are made of. */
export interface OutputOf {
  /** Bytes are one JPEG file. */
  frames: Frames | Uint8Array | Array<Uint8Array | (Pick<Frame, "jpeg"> & Partial<Frame>)>;
  boxes: Boxes | Array<Pick<Box, "x" | "y" | "width" | "height"> & Partial<Box>>;
  labels: Labels | Label[] | Record<string, number>;
  text: Text | string[] | string;
  readings: Readings | Array<Pick<Reading, "sensor" | "at" | "value"> & Partial<Reading>>;
  opaque: Opaque | Uint8Array;
  tracks: Tracks | Track[];
  keypoints: Keypoints | (Pick<Pose, "points"> & Partial<Pose>)[];
  masks: Masks | (Omit<Mask, "label" | "score" | "track" | "frame"> & Partial<Mask>)[];
  regions: Regions | (Pick<Region, "corners"> & Partial<Region>)[];
  attributes: Attributes | (Pick<Attribute, "name" | "value"> & Partial<Attribute>)[] | Record<string, string>;
  audio: Audio | (Pick<Sound, "data" | "sampleRate"> & Partial<Sound>);
}

type ParameterType =
  | NumberConstructor
  | StringConstructor
  | BooleanConstructor
  | "number"
  | "integer"
  | "string"
  | "boolean";

/** Required, unless it has a default (`null`: the stage does without it). */
export type Parameter =
  | ParameterType
  | { type: ParameterType; default?: number | string | boolean | null; description?: string };

type ValueOf<P> = P extends NumberConstructor | "number" | "integer"
  ? number
  : P extends StringConstructor | "string"
    ? string
    : P extends BooleanConstructor | "boolean"
      ? boolean
      : P extends { type: infer T; default: null }
        ? ValueOf<T> | null
        : P extends { type: infer T }
          ? ValueOf<T>
          : never;

export type ParamsOf<P> = { readonly [K in keyof P]: ValueOf<P[K]> };

/** One element on its way through a pipeline. */
export interface Element<P extends MediaType = MediaType> {
  /** What the source read; `null` if the stage reads only outputs. */
  payload: MediaOf[P];
  /** What earlier stages gave, by their names. */
  outputs: Record<string, Media>;
  /** The same by the names of a stage that has named inputs; an optional one may be missing. */
  inputs: Record<string, Media>;
  /**
   * The side inputs that the pipeline names for the stage, as JSON is read. All stages see the same version in one attempt of
   * an element. The values are shared by calls: do not change them.
   */
  side: Record<string, unknown>;
  /** The JPEG file of the one frame; an element of several frames fails. */
  readonly frame: Buffer;
  /** "pipeline/source". */
  stream: string;
  /** The stage's name in the pipeline. */
  stage: string;
  /** Its number in the stream. */
  seq: number;
  /** 1 for its first sending. */
  attempt: number;
  createdAt: string;
  /** The moment of `performance.now()` (milliseconds) at which nobody waits for the answer any more. */
  deadline: number;
  millisecondsLeft(): number;
}

/** An answer: the element is filtered out, no further stage works on it. */
export class Skip {
  constructor(reason?: string);
  reason: string;
}

/**
 * Thrown by a function that cannot do its work: the element fails for good, unless `retryable`: then it is tried again,
 * after `after` seconds if that is given. Any other error is tried again.
 */
export class Failed extends Error {
  constructor(reason: string, options?: { retryable?: boolean; after?: number });
  reason: string;
  retryable: boolean;
  after?: number;
}

/** All that is wrong with a stage as its author wrote it; thrown when the programme starts. */
export class StageError extends Error {}

/** The types that a named input may have; it is required unless something else is said. */
export type Input =
  | readonly MediaType[]
  | MediaType
  | { types: readonly MediaType[] | MediaType; required?: boolean };

export interface Options<I extends MediaType, O extends MediaType, P extends Record<string, Parameter>> {
  /** For messages; the function's name if it is left out. */
  name?: string;
  description?: string;
  version?: string;
  /** Types that it reads of the payload. */
  payload?: readonly I[] | I;
  /** Types that it reads of outputs of earlier stages, or its named inputs: a pipeline says which stage gives each. */
  inputs?: readonly MediaType[] | MediaType | Record<string, Input>;
  output: O;
  parameters?: P;
  /** Calls at once (1); more are good for functions that wait. */
  parallelism?: number;
  /** Elements in one request (1); the function gets them one by one. */
  batch?: number;
  memoryMb?: number;
}

export interface Stage {
  readonly name: string;
  /** What the service says of itself. */
  describe(): object;
  /** Calls the function as a request does, for tests: parameters are checked, defaults filled in. */
  call(element: Partial<Element>, params?: Record<string, unknown>): Promise<Media | Skip>;
  /** Serves until SIGTERM or SIGINT. Port: `DAYU_SERVICE_PORT` unless it is given, else 9000; host: 127.0.0.1. */
  serve(options?: { port?: number; host?: string; transport?: "http" | "grpc" }): Promise<void>;
  /** Like `serve`, if the module of this `import.meta.url` is the programme, not where a test imports it. */
  main(url: string): Promise<void>;
}

/** Makes a stage of a function; throws a `StageError` with all that is wrong. */
export function stage<
  const O extends MediaType,
  const I extends MediaType = never,
  const P extends Record<string, Parameter> = {},
>(
  options: Options<I, O, P>,
  work: (element: Element<I>, params: ParamsOf<P>) => OutputOf[O] | Skip | Promise<OutputOf[O] | Skip>,
): Stage;
