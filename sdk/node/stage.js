// How a request becomes a call of the function and its answer, and the server.
import { realpathSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { digests, Missing, Sides } from "./side.js";
import { base64, fromJson, isObject, MediaError, output, picture, sound, toJson, TYPES } from "./media.js";

const MAX_BODY = 256 * 1024 * 1024;
const DEADLINE_MS = 3_600_000; // of requests that tell none, such as those of a person with curl
const PARAMETER_TYPES = new Map([
  [Number, "number"],
  [String, "string"],
  [Boolean, "boolean"],
  ["number", "number"],
  ["integer", "integer"],
  ["string", "string"],
  ["boolean", "boolean"],
]);

export class StageError extends Error {}

export class Skip {
  constructor(reason = "skipped by the service") {
    this.reason = String(reason);
  }
}

export class Failed extends Error {
  constructor(reason, { retryable = false, after = undefined } = {}) {
    super(reason);
    this.reason = String(reason);
    this.retryable = retryable;
    this.after = after;
  }
}

/** The request cannot be read. */
class Bad extends Error {
  constructor(reason, status = 400) {
    super(reason);
    this.status = status;
  }
}

class Element {
  constructor(values) {
    Object.assign(
      this,
      { payload: null, inputs: {}, outputs: {}, side: {}, stream: "", stage: "", seq: 0, attempt: 1, createdAt: "" },
      { deadline: performance.now() + DEADLINE_MS },
      values,
    );
  }

  get frame() {
    if (this.payload?.type !== "frames") throw new Failed("the element has no frame");
    const frames = this.payload.frames;
    if (frames.length !== 1) throw new Failed(`the element has ${frames.length} frames, and this stage takes one`);
    return frames[0].jpeg;
  }

  millisecondsLeft() {
    return this.deadline - performance.now();
  }
}

export function stage(options, work) {
  return new Stage(options ?? {}, work);
}

class Stage {
  #work;
  #parameters;
  #described;
  #running = 0;
  #waiting = [];
  #params = new Map();
  #named;
  #sides = new Sides();
  #lastTrace = -Infinity;

  constructor(options, work) {
    this.name = options.name ?? (typeof work === "function" && work.name ? work.name : "stage");
    this.version = String(options.version ?? "1");
    this.description = options.description ?? this.name;
    this.payload = words(options.payload);
    this.#named = isObject(options.inputs) ? named(options.inputs) : [];
    this.inputs =
      this.#named.length > 0
        ? [...new Set(this.#named.flatMap((each) => each.types))]
        : words(isObject(options.inputs) ? [] : options.inputs);
    this.output = options.output;
    this.parallelism = options.parallelism ?? 1;
    this.batch = options.batch ?? 1;
    this.memoryMb = options.memoryMb ?? 64;
    this.#work = work;
    this.#parameters = Object.entries(options.parameters ?? {}).map(([name, given]) => ({
      name,
      ...(isObject(given) ? given : { type: given }),
    }));
    const problems = this.#problems(options);
    if (problems.length > 0) throw new StageError([`stage ${this.name}:`, ...problems].join("\n  "));
    for (const each of this.#parameters) {
      each.type = PARAMETER_TYPES.get(each.type);
      each.required = !("default" in each);
    }
    this.#described = JSON.stringify(this.describe());
  }

  #problems(options) {
    const problems = [];
    for (const name of Object.keys(options))
      if (!KNOWN.includes(name)) problems.push(`there is no option ${name}; there are ${KNOWN.join(", ")}`);
    for (const what of ["payload", "inputs"])
      for (const word of this[what])
        if (!TYPES.includes(word))
          problems.push(`${what}: there is no media type ${JSON.stringify(word)}; use ${TYPES.join(", ")}`);
    for (const { name, types } of this.#named) {
      if (!/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name))
        problems.push(`inputs: ${JSON.stringify(name)} is no name; use letters, digits, _ and -, a letter at the beginning`);
      if (types.length === 0) problems.push(`inputs: ${name} has no media type; say which, as in { ${name}: "boxes" }`);
    }
    if (this.payload.length + this.inputs.length === 0)
      problems.push('it reads nothing; say payload: ["readings"] or inputs: ["boxes"], or both');
    if (this.output === undefined) problems.push('output: say what it gives, as in output: "labels"');
    else if (!TYPES.includes(this.output))
      problems.push(`output: there is no media type ${JSON.stringify(this.output)}; use ${TYPES.join(", ")}`);
    for (const each of this.#parameters) {
      const type = PARAMETER_TYPES.get(each.type);
      if (type === undefined)
        problems.push(
          `parameter ${each.name} has no type; give it one of Number, String, Boolean, "integer", as in { type: Number, default: 30 }`,
        );
      else if (each.default !== undefined && each.default !== null && !fits(each.default, type))
        problems.push(`parameter ${each.name} has a default that is ${JSON.stringify(each.default)}, not of type ${type}`);
    }
    for (const [what, least] of [["parallelism", 1], ["batch", 1], ["memoryMb", 0]])
      if (!Number.isInteger(this[what]) || this[what] < least)
        problems.push(`${what} is ${this[what]}; it is a whole number of at least ${least}`);
    if (typeof this.#work !== "function") problems.push("the second argument is the function, f(element, params)");
    return problems;
  }

  get accepts() {
    // Bytes travel as they are where nothing goes with them.
    const raw = { frames: "image/jpeg", opaque: "application/octet-stream", audio: "audio/wav" };
    const alone = this.inputs.length > 0 ? [] : this.payload;
    return [...alone.filter((type) => type in raw).map((type) => raw[type]), "application/json"];
  }

  describe() {
    const properties = {};
    for (const each of this.#parameters) {
      properties[each.name] = { type: each.type };
      if (each.description) properties[each.name].description = each.description;
      if (each.default !== undefined && each.default !== null) properties[each.name].default = each.default;
    }
    return {
      apiVersion: "dayu.io/v1alpha1",
      version: this.version,
      description: this.description,
      payload: this.payload,
      inputs:
        this.#named.length === 0
          ? this.inputs
          : Object.fromEntries(
              this.#named.map(({ name, types, required }) => [name, required ? types : { types, required }]),
            ),
      output: this.output,
      accepts: this.accepts,
      parallelism: this.parallelism,
      memoryMb: this.memoryMb,
      batch: this.batch,
      parameters: {
        type: "object",
        properties,
        required: this.#parameters.filter((each) => each.required).map((each) => each.name),
      },
    };
  }

  async call(element, params = {}) {
    const given = await this.#work(new Element(element), this.#paramsOf(params));
    return given instanceof Skip ? given : output(given, this.output);
  }

  async serve({ port, host, transport = process.env.DAYU_SERVICE_TRANSPORT || "http" } = {}) {
    if (transport !== "http" && transport !== "grpc") {
      process.stderr.write(`${this.name} knows the transports http and grpc, not ${transport}\n`);
      process.exit(1);
    }
    const server = transport === "grpc" ? (await import("./grpc.js")).grpcListener(this) : this.listener();
    const socket = transport === "grpc" && port === undefined && host === undefined && process.env.DAYU_SERVICE_SOCKET;
    port ??= Number(process.env.DAYU_SERVICE_PORT || 9000);
    host ??= "127.0.0.1";
    await new Promise((resolve) => {
      server.once("error", (error) => {
        process.stderr.write(`${this.name} cannot listen: ${error.message}. DAYU_SERVICE_PORT says another port.\n`);
        process.exit(1);
      });
      if (socket) server.listen(socket, resolve);
      else server.listen(port, host, resolve);
    });
    const address = server.address();
    const where = socket ? `unix:${socket}` : `${transport}://${address.address}:${address.port}/`;
    process.stderr.write(`${this.name} listens at ${where}\n`);
    for (const [signal, number] of [["SIGTERM", 15], ["SIGINT", 2]])
      process.on(signal, () => {
        if (server.stopping) process.exit(128 + number); // asked for a second time: calls that hang are left
        server.stop(() => process.exit(0));
      });
  }

  async main(url) {
    if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(url)) await this.serve();
  }

  /** A server that does not listen yet, with stop(done): it ends connections that rest, and waits for calls that run. */
  listener() {
    const server = createServer({ noDelay: true, keepAliveTimeout: 0 }, (request, response) => {
      const body = [];
      let size = 0;
      request.on("data", (part) => {
        size += part.length;
        if (size <= MAX_BODY) body.push(part);
        else if (!response.headersSent) {
          body.length = 0;
          response.shouldKeepAlive = false;
          write(request, response, text(413, "the body is longer than 256 MiB"));
        }
      });
      request.on("end", async () => {
        if (response.headersSent) return;
        const answer = await this.answer(request, body.length === 1 ? body[0] : Buffer.concat(body));
        if (server.stopping) response.shouldKeepAlive = false;
        write(request, response, answer);
      });
      request.on("error", () => {}); // the caller is gone, and sends again what it still wants
    });
    server.stop = (done) => {
      server.stopping = true;
      server.close(done);
      server.closeIdleConnections();
    };
    return server;
  }

  /** Answers one HTTP request; never rejects. */
  async answer(request, body) {
    const path = request.url.split("?", 1)[0];
    const get = request.method === "GET" || request.method === "HEAD";
    if (path === "/.well-known/dayu-stage") return get ? json(this.#described) : text(405, "use GET");
    if (path === "/health") return get ? text(200, "ok") : text(405, "use GET");
    if (path.startsWith("/side/")) return this.#keep(request.method, path.slice("/side/".length), body);
    if (path !== "/") return text(404, "elements are posted to /");
    if (request.method !== "POST") return text(405, "elements are posted");
    try {
      const type = mediaType(request.headers["content-type"] ?? "");
      return type === "application/cloudevents-batch+json"
        ? await this.#batch(body)
        : await this.#single(request.headers, type, body);
    } catch (error) {
      if (error instanceof Bad) return text(error.status, error.message);
      this.#trace(error);
      return text(500, `a defect of dayu-stage: ${error}`);
    }
  }

  /** Answers one call of gRPC: a Skip, a Failed, or an answer as over HTTP; never rejects. */
  async result({ type, body, params, deadlineMs, ...about }) {
    try {
      const content = this.#content(mediaType(type), body);
      const element = new Element({ ...content, ...about, deadline: performance.now() + deadlineMs });
      return await this.#call(element, this.#paramsOf(params), encoded);
    } catch (error) {
      if (error instanceof Bad) return new Failed(error.message);
      this.#trace(error);
      return new Failed(`a defect of dayu-stage: ${error}`, { retryable: true });
    }
  }

  /** Keeps the value of a side input that elements name from then on. */
  #keep(method, digest, body) {
    if (method !== "PUT") return text(405, "side inputs are put");
    try {
      this.#sides.put(digest, body);
    } catch (error) {
      return text(400, `this is no side input: ${error.message}`);
    }
    return { status: 204, body: "" };
  }

  #sideOf(given) {
    try {
      return this.#sides.named(digests(given));
    } catch (error) {
      throw new Bad(error instanceof Missing ? error.message : `dayuside: ${error.message}`, error instanceof Missing ? 428 : 400);
    }
  }

  async #single(headers, type, body) {
    const side = this.#sideOf(headers["ce-dayuside"]);
    const content = this.#content(type, body);
    const params = this.#paramsOf(headers["ce-dayuparams"]);
    const element = this.#element(content, {
      source: headers["ce-source"],
      subject: headers["ce-subject"],
      dayuseq: headers["ce-dayuseq"],
      dayuattempt: headers["ce-dayuattempt"],
      time: headers["ce-time"],
      dayudeadline: headers["ce-dayudeadline"],
    }, side);
    const result = await this.#call(element, params, encoded);
    if (result instanceof Skip) return { status: 204, headers: { "dayu-reason": ascii(result.reason) }, body: "" };
    if (result instanceof Failed) return failed(result);
    return result;
  }

  async #batch(body) {
    const events = parse(body);
    if (!Array.isArray(events)) throw new Bad("a batch is a JSON array of events");
    if (!events.every((event) => isObject(event) && typeof event.id === "string"))
      throw new Bad("an event of the batch has no id");
    // What is missing is given to all of them, so that none is worked on twice.
    const sides = events.map((event) => this.#sideOf(event.dayuside));
    return json(JSON.stringify(await Promise.all(events.map((event, i) => this.#answered(event, sides[i])))));
  }

  async #answered(event, side) {
    const id = event.id;
    try {
      const result = await this.#call(
        this.#element(this.#data(event), event, side),
        this.#paramsOf(event.dayuparams),
        toJson,
      );
      if (result instanceof Skip) return { id, skip: result.reason };
      if (result instanceof Failed) return { id, failed: result.reason, retryable: result.retryable };
      return { id, output: result };
    } catch (error) {
      if (error instanceof Bad) return { id, failed: error.message, retryable: false };
      throw error;
    }
  }

  #data(event) {
    if (!("data_base64" in event)) return this.#message(event.data);
    return this.#content(
      mediaType(String(event.datacontenttype ?? "application/json")),
      readable(() => base64(event, "data_base64")),
    );
  }

  /** The payload and the outputs of a body. */
  #content(type, body) {
    if (type === "application/json") return this.#message(parse(body));
    const bytes = this.accepts.includes("application/octet-stream");
    if (!this.accepts.includes(type) && !(bytes && type.includes("/") && !type.includes("cloudevents")))
      throw new Bad(`content type ${type || "none"} is not one of ${this.accepts.join(", ")}`, 415);
    if (this.accepts.includes(type) && type === "image/jpeg")
      return { payload: { type: "frames", fps: 0, frames: [readable(() => picture(body))] }, outputs: {} };
    if (this.accepts.includes(type) && type === "audio/wav")
      return { payload: { type: "audio", audio: readable(() => sound(body)) }, outputs: {} };
    // Bytes whose source has said what they are come with their own type.
    const told = type === "application/octet-stream" ? {} : { contentType: type };
    return { payload: { type: "opaque", opaque: body, ...told }, outputs: {} };
  }

  #message(message) {
    if (!isObject(message)) throw new Bad('an element is a JSON object {"payload": …, "outputs": {…}}');
    const field = this.#named.length > 0 ? "inputs" : "outputs";
    const given = message[field] ?? {};
    if (!isObject(given)) throw new Bad(`${field} are a JSON object by ${field === "inputs" ? "name" : "stage"}`);
    const payload =
      message.payload === undefined || message.payload === null
        ? null
        : readable(() => fromJson(message.payload), "payload: ");
    const outputs = Object.create(null);
    for (const [name, each] of Object.entries(given))
      outputs[name] = readable(() => fromJson(each), `${field}.${name}: `);
    if (this.payload.length > 0) {
      if (payload === null) throw new Bad(`the element has no payload; this stage reads ${this.payload.join(" or ")}`);
      if (!this.payload.includes(payload.type))
        throw new Bad(`the payload is ${payload.type}; this stage reads ${this.payload.join(" or ")}`);
    }
    if (this.#named.length > 0) {
      for (const { name, types, required } of this.#named)
        if (!(name in outputs)) {
          if (required) throw new Bad(`the element has no input ${name}; this stage reads ${types.join(" or ")} there`);
        } else if (!types.includes(outputs[name].type))
          throw new Bad(`the input ${name} is ${outputs[name].type}; this stage reads ${types.join(" or ")} there`);
      return { payload, inputs: outputs };
    }
    if (this.inputs.length > 0 && !Object.values(outputs).some((each) => this.inputs.includes(each.type)))
      throw new Bad(`the element has no output that this stage reads: ${this.inputs.join(" or ")}`);
    return { payload, outputs };
  }

  #element(content, about, side) {
    const { source = "", subject = "", dayuseq = 0, dayuattempt = 1, time = "", dayudeadline = DEADLINE_MS } = about;
    const numbers = [dayuseq, dayuattempt, dayudeadline].map((each) => (each === "" ? NaN : Number(each)));
    if (!numbers.every(Number.isFinite)) throw new Bad("dayuseq, dayuattempt and dayudeadline are numbers");
    const [seq, attempt, left] = numbers;
    const deadline = performance.now() + left;
    return new Element({
      ...content,
      stream: stream(String(source)),
      stage: String(subject),
      seq,
      attempt,
      createdAt: String(time),
      deadline,
      side,
    });
  }

  #paramsOf(given) {
    const key = typeof given === "string" ? given : JSON.stringify(given ?? {});
    let params = this.#params.get(key);
    if (params === undefined) {
      params = this.#readParams(key);
      if (this.#params.size >= 64) this.#params.clear();
      this.#params.set(key, params);
    }
    return params;
  }

  #readParams(text) {
    let given;
    try {
      given = JSON.parse(text);
    } catch (error) {
      throw new Bad(`parameters: ${error.message}`);
    }
    if (!isObject(given)) throw new Bad("parameters: they are a JSON object");
    const params = {};
    for (const { name, type, required, default: otherwise } of this.#parameters) {
      const value = Object.hasOwn(given, name) ? given[name] : null;
      if (value === null) {
        if (required) throw new Bad(`parameters: ${name} is missing`);
        params[name] = otherwise ?? null;
      } else if (fits(value, type)) params[name] = value;
      else throw new Bad(`parameters: ${name} is ${JSON.stringify(value)}, not of type ${type}`);
    }
    return Object.freeze(params); // all calls with these parameters share it
  }

  /** What the function gave, encoded, or a Skip or a Failed. */
  async #call(element, params, encode) {
    if (this.#running < this.parallelism) this.#running++;
    else if (!(await this.#turn(element.millisecondsLeft())))
      return new Failed("the service was busy with other calls until the deadline", { retryable: true });
    try {
      const given = await this.#work(element, params);
      return given instanceof Skip || given instanceof Failed ? given : encode(output(given, this.output));
    } catch (error) {
      if (error instanceof Failed) return error;
      this.#trace(error);
      return new Failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error), { retryable: true });
    } finally {
      // A call that waits takes the place over, so that none that comes now gets in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  /** Waits for the place of a call that ends; false at the deadline. */
  #turn(milliseconds) {
    return new Promise((resolve) => {
      const begin = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(
        () => {
          this.#waiting.splice(this.#waiting.indexOf(begin), 1);
          resolve(false);
        },
        Math.max(0, Math.min(milliseconds, DEADLINE_MS)),
      );
      this.#waiting.push(begin);
    });
  }

  #trace(error) {
    // One a second tells its author where, and a stage that always fails does not fill the log.
    const now = performance.now();
    if (now - this.#lastTrace < 1000) return;
    this.#lastTrace = now;
    process.stderr.write(`${error?.stack ?? error}\n`);
  }
}

const KNOWN = [
  "name",
  "description",
  "version",
  "payload",
  "inputs",
  "output",
  "parameters",
  "parallelism",
  "batch",
  "memoryMb",
];

function words(given = []) {
  return typeof given === "string" ? [given] : [...given];
}

/** Named inputs, each given by its types, or by an object of types and whether it is required. */
function named(inputs) {
  return Object.entries(inputs).map(([name, given]) => {
    const { types, required = true } = isObject(given) ? given : { types: given };
    return { name, types: words(types), required };
  });
}

function fits(value, type) {
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type && (type !== "number" || Number.isFinite(value));
}

function stream(source) {
  const names = source.replace(/^\/pipelines\//, "");
  try {
    return decodeURIComponent(names);
  } catch {
    return names;
  }
}

function mediaType(header) {
  return header.split(";", 1)[0].trim().toLowerCase();
}

function parse(body) {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new Bad(`this is no JSON: ${error.message}`);
  }
}

function readable(read, where = "") {
  try {
    return read();
  } catch (error) {
    if (error instanceof MediaError) throw new Bad(where + error.message);
    throw error;
  }
}

function encoded(media) {
  if (media.type === "opaque") return { status: 200, type: ownType(media.contentType), body: media.opaque };
  const [only] = media.type === "frames" && media.frames.length === 1 ? media.frames : [];
  if (only instanceof Uint8Array && picture(Buffer.from(only.buffer, only.byteOffset, only.byteLength)))
    return { status: 200, type: "image/jpeg", body: only };
  return json(JSON.stringify(toJson(media)));
}

/** Of opaque bytes; one that says how an answer is to be read is left out. */
function ownType(type = "") {
  const free = /^[!-~]+\/[ -~]+$/.test(type) && !["application/json", "application/x-protobuf"].includes(mediaType(type));
  return free ? type : "application/octet-stream";
}

function ascii(reason) {
  return reason
    .replace(/\s+/g, " ")
    .replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .slice(0, 500);
}

function json(body) {
  return { status: 200, type: "application/json", body };
}

function text(status, body) {
  return { status, type: "text/plain; charset=utf-8", body };
}

function failed({ reason, retryable, after }) {
  if (!retryable) return text(422, reason);
  if (after === undefined) return text(500, reason);
  return { ...text(503, reason), headers: { "retry-after": String(Math.max(0, Math.ceil(after))) } };
}

function write(request, response, { status, type, body, headers = {} }) {
  response.sendDate = false;
  const about = status === 204 ? {} : { "content-type": type, "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...about, ...headers });
  response.end(status === 204 || request.method === "HEAD" ? undefined : body);
}
