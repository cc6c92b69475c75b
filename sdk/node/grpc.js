// A server of dayu.service.v1.Stage on Node's own HTTP/2; the messages are few and small, and read and written here.
// A node opens one stream for all of its elements. Elements come in the forms in which they come over HTTP.
import { createServer } from "node:http2";
import { Missing, Sides } from "./side.js";
import { Failed, Skip } from "./stage.js";

const DESCRIBE = "/dayu.service.v1.Stage/Describe";
const WORK = "/dayu.service.v1.Stage/Work";
const MAX_MESSAGE = 256 * 1024 * 1024;
const WINDOW = 4 * 1024 * 1024;
const AHEAD = 16; // elements that wait here for each that is worked on, so that a stage is not idle while the next one comes
const LONGEST_WAIT_MS = 60_000;
const OK = "0";
const RESOURCE_EXHAUSTED = "8";
const UNIMPLEMENTED = "12";
const INTERNAL = "13";
const HEAD = { ":status": 200, "content-type": "application/grpc" };

/** What the service says of itself over gRPC: elements come ahead of their turn, whatever fits into a request. */
export function description(stage) {
  return { ...stage.describe(), batch: Math.max(stage.batch, AHEAD) };
}

/** A server that does not listen yet, with stop(done): it ends streams once the calls that run have ended. */
export function grpcListener(stage) {
  const described = frame([bytes(1, Buffer.from(JSON.stringify(description(stage))))]);
  const server = createServer({ settings: { initialWindowSize: WINDOW } });
  const sessions = new Set();
  const streams = new Set();
  server.on("session", (session) => {
    session.setLocalWindowSize(WINDOW);
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {}); // the caller is gone, and sends again what it still wants
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    if (headers[":path"] === DESCRIBE) {
      answer(stream, () => OK);
      stream.resume();
      stream.end(described);
    } else if (headers[":path"] === WORK) {
      const work = new Work(stage, stream);
      streams.add(work);
      stream.on("close", () => streams.delete(work));
      if (server.stopping) work.stop();
    } else {
      stream.resume();
      stream.respond({ ...HEAD, "grpc-status": UNIMPLEMENTED }, { endStream: true });
    }
  });
  server.stop = (done) => {
    server.stopping = true;
    server.close(done);
    for (const work of streams) work.stop();
    for (const session of sessions) session.close();
  };
  return server;
}

function answer(stream, status) {
  stream.respond(HEAD, { waitForTrailers: true });
  stream.on("wantTrailers", () => {
    stream.sendTrailers({ "grpc-status": status() });
    // The caller may have more to send, which nobody takes. A stream that is closed at once takes its trailers with it.
    setImmediate(() => stream.close());
  });
}

/** The stream of a node. */
class Work {
  #stage;
  #stream;
  #status = OK;
  #parts = []; // of the next message, as they came
  #size = 0;
  #running = 0;
  #replies = []; // bounded by the credit
  #sides = new Sides();
  #taking = true;

  constructor(stage, stream) {
    this.#stage = stage;
    this.#stream = stream;
    answer(stream, () => this.#status);
    stream.write(frame([varint(1, stage.parallelism * Math.max(stage.batch, AHEAD))]));
    stream.on("data", (part) => this.#got(part));
    stream.on("end", () => this.stop());
  }

  /** Takes no more; what comes from now on another process gets: the node sends again what was not answered. */
  stop() {
    this.#taking = false;
    this.#endIfDone();
  }

  #fail(status) {
    this.#status = status;
    this.#replies.length = 0;
    this.#taking = false;
    this.#stream.end();
  }

  #endIfDone() {
    if (!this.#taking && this.#running === 0 && this.#replies.length === 0 && !this.#stream.writableEnded)
      this.#stream.end();
  }

  #got(part) {
    this.#parts.push(part);
    this.#size += part.length;
    while (this.#taking && this.#size >= 5) {
      if (this.#parts[0].length < 5) this.#parts = [Buffer.concat(this.#parts)];
      const length = this.#parts[0].readUInt32BE(1);
      if (this.#parts[0][0] !== 0) return this.#fail(UNIMPLEMENTED); // compressed, which was not offered
      if (length > MAX_MESSAGE) return this.#fail(RESOURCE_EXHAUSTED);
      if (this.#size < 5 + length) return;
      const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
      this.#size -= 5 + length;
      this.#parts = this.#size > 0 ? [all.subarray(5 + length)] : [];
      try {
        const parts = [...fields(all.subarray(5, 5 + length))];
        for (const [number, side] of parts) if (number === 2) this.#keep(new Map(fields(side)));
        for (const [number, call] of parts) if (number === 1) this.#take(call);
      } catch {
        return this.#fail(INTERNAL);
      }
    }
  }

  #keep(side) {
    const none = Buffer.alloc(0);
    this.#sides.put((side.get(1) ?? none).toString("hex"), side.get(2) ?? none);
  }

  async #take(call) {
    this.#running++;
    const reply = await replied(this.#stage, call, this.#sides);
    this.#running--;
    if (this.#stream.writableEnded || this.#stream.destroyed) return;
    // Those that end in the same turn of the loop go together.
    if (this.#replies.push(bytes(2, reply)) === 1) setImmediate(() => this.#flush());
  }

  #flush() {
    if (this.#stream.writableEnded || this.#stream.destroyed) return;
    const replies = this.#replies.splice(0);
    this.#stream.write(frame(this.#taking ? [varint(1, replies.length), ...replies] : replies));
    this.#endIfDone();
  }
}

/** The Reply to a Call; never rejects. */
async function replied(stage, message, sides) {
  let id = 0;
  let result;
  try {
    const call = new Map();
    const digests = {};
    for (const [number, value] of fields(message)) {
      if (number !== 7) call.set(number, value);
      else {
        const named = new Map(fields(value));
        digests[String(named.get(1) ?? "")] = (named.get(2) ?? Buffer.alloc(0)).toString("hex");
      }
    }
    id = call.get(1) ?? 0;
    result = await stage.result({ ...read(stage, call), side: sides.named(digests) });
  } catch (error) {
    result =
      error instanceof Missing
        ? new Failed(error.message, { retryable: true })
        : new Failed(`the call cannot be read: ${error.message}`);
  }
  return Buffer.concat([varint(1, id), outcome(result)]);
}

function read(stage, call) {
  if (!call.has(6))
    throw new Error(`it has no body; let the declaration's accepts be ${stage.accepts.join(", ")} or leave it out`);
  const about = new Map(fields(call.get(5) ?? Buffer.alloc(0)));
  const body = new Map(fields(call.get(6)));
  const text = (value) => (value ?? "").toString();
  return {
    type: text(body.get(1)),
    body: body.get(2) ?? Buffer.alloc(0),
    params: text(call.get(3)) || "{}",
    stage: text(call.get(2)),
    stream: text(about.get(1)),
    seq: about.get(2) ?? 0,
    attempt: about.get(3) ?? 0,
    createdAt: new Date(about.get(6) ?? 0).toISOString(),
    deadlineMs: call.get(4) ?? 0,
  };
}

function outcome(result) {
  if (result instanceof Skip) return bytes(3, Buffer.from(result.reason));
  if (result instanceof Failed) {
    const failure = [bytes(1, Buffer.from(result.reason)), varint(2, result.retryable ? 1 : 0)];
    if (result.retryable && result.after !== undefined)
      failure.push(varint(3, Math.max(1, Math.min(LONGEST_WAIT_MS, Math.round(result.after * 1000)))));
    return bytes(4, Buffer.concat(failure));
  }
  return bytes(5, Buffer.concat([bytes(1, Buffer.from(result.type)), bytes(2, Buffer.from(result.body))]));
}

/** A message of gRPC. */
export function frame(parts) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0), 1);
  return Buffer.concat([head, ...parts]);
}

// Protobuf, as far as it is needed: numbers and bytes.

/** Pairs of a field's number and its value: a number, or bytes. */
export function* fields(message) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= message.length || scale > 2 ** 63) throw new Error("a message is cut off");
      const byte = message[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = number();
    const kind = key % 8;
    if (kind === 0) yield [Math.floor(key / 8), number()];
    else if (kind === 1 || kind === 2 || kind === 5) {
      const size = kind === 2 ? number() : kind === 1 ? 8 : 4;
      if (size > message.length - at) throw new Error("a message is cut off");
      at += size;
      yield [Math.floor(key / 8), message.subarray(at - size, at)];
    } else throw new Error("this is no message");
  }
}

function encoded(value) {
  const out = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) out.push((value % 128) | 0x80);
  out.push(value);
  return Buffer.from(out);
}

export function varint(number, value) {
  return Buffer.concat([encoded(number * 8), encoded(value)]);
}

export function bytes(number, value) {
  return Buffer.concat([encoded(number * 8 + 2), encoded(value.length), value]);
}
