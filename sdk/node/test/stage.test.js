// What a stage's author is told, and what becomes of answers; no socket is open here.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, mock } from "node:test";
import { Failed, Skip, StageError, stage } from "../index.js";

const JPEG = Buffer.from("ffd8ffe000046162ffc0000b08003000400101110000ffd9", "hex");
const READINGS = {
  type: "readings",
  readings: [{ sensor: "oven", at: "2026-01-01T12:00:00.250Z", value: 31.5, unit: "C" }],
};
const BOXES = {
  type: "boxes",
  boxes: [{ x: 0.5, y: 0.25, width: 0.125, height: 1, label: "car", score: 0.5, track: 3, frame: 1 }],
};
const HEADERS = {
  "content-type": "application/json",
  "ce-source": "/pipelines/plant%20a/oven%2F1",
  "ce-id": "7.2",
  "ce-subject": "count",
  "ce-time": "2026-01-01T12:00:00Z",
  "ce-dayuseq": "7",
  "ce-dayuattempt": "2",
  "ce-dayudeadline": "5000",
};

function post(made, body, headers = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return made.answer({ method: "POST", url: "/", headers: { ...HEADERS, ...headers } }, bytes);
}

function get(made, url) {
  return made.answer({ method: "GET", url, headers: {} }, Buffer.alloc(0));
}

function readingStage(work, options = {}) {
  return stage({ payload: ["readings"], output: "labels", ...options }, work);
}

/** Keeps the trace of an expected error out of the report. */
async function quietly(action) {
  const written = mock.method(process.stderr, "write", () => true);
  try {
    return await action();
  } finally {
    written.mock.restore();
  }
}

describe("an author", () => {
  it("is told at once all that is wrong", () => {
    assert.throws(
      () => stage({ name: "s", payload: ["reading"], parameters: { limit: null }, parallelism: 0, colour: 1 }),
      (error) => {
        assert(error instanceof StageError);
        for (const words of [
          "there is no option colour",
          'payload: there is no media type "reading"; use frames, boxes',
          "output: say what it gives",
          "parameter limit has no type",
          "parallelism is 0",
          "the second argument is the function",
        ])
          assert(error.message.includes(words), `${words} in ${error.message}`);
        return true;
      },
    );
    assert.throws(() => stage({ output: "labels" }, () => {}), /it reads nothing/);
    assert.throws(
      () => readingStage(() => {}, { parameters: { limit: { type: Number, default: "much" } } }),
      /default that is "much", not of type number/,
    );
  });

  it("gets the description from the options", async () => {
    const made = stage(
      {
        description: "Counts",
        payload: "readings",
        output: "labels",
        parallelism: 4,
        batch: 16,
        parameters: { limit: { type: Number, default: 30, description: "in the unit of the readings" }, name: String },
      },
      function count() {},
    );
    assert.equal(made.name, "count");
    assert.deepEqual(JSON.parse((await get(made, "/.well-known/dayu-stage")).body), {
      apiVersion: "dayu.io/v1alpha1",
      version: "1",
      description: "Counts",
      payload: ["readings"],
      inputs: [],
      output: "labels",
      accepts: ["application/json"],
      parallelism: 4,
      memoryMb: 64,
      batch: 16,
      parameters: {
        type: "object",
        properties: {
          limit: { type: "number", description: "in the unit of the readings", default: 30 },
          name: { type: "string" },
        },
        required: ["name"],
      },
    });
    assert.equal((await get(made, "/health")).status, 200);
  });

  it("can call a stage in a test", async () => {
    const made = readingStage((element, { limit }) => ({ above: element.payload.readings.length, limit }), {
      parameters: { limit: { type: Number, default: 30 } },
    });
    assert.deepEqual(await made.call({ payload: { type: "readings", readings: [1] } }), {
      type: "labels",
      labels: [
        { name: "above", value: 1 },
        { name: "limit", value: 30 },
      ],
    });
    await assert.rejects(made.call({}, { limit: "x" }), /limit is "x", not of type number/);
  });
});

describe("a stage", () => {
  it("tells its function what the request tells", async () => {
    let seen;
    const made = readingStage(
      (element) => {
        seen = element;
        return {};
      },
      { inputs: "boxes" },
    );
    assert.equal((await post(made, { payload: READINGS, outputs: { detect: BOXES } })).status, 200);
    const { stream, stage, seq, attempt, createdAt } = seen;
    assert.deepEqual([stream, stage, seq, attempt, createdAt], ["plant a/oven/1", "count", 7, 2, HEADERS["ce-time"]]);
    assert.deepEqual(seen.payload.readings, [
      { sensor: "oven", at: new Date("2026-01-01T12:00:00.250Z"), value: 31.5, unit: "C" },
    ]);
    assert.deepEqual(seen.outputs.detect, BOXES);
    assert(seen.millisecondsLeft() > 4000 && seen.millisecondsLeft() <= 5000);
  });

  it("gives media of every type back as they came", async () => {
    for (const media of [
      READINGS,
      BOXES,
      { type: "labels", labels: [{ name: "a", value: 1 }, { name: "a", value: 2.5 }] },
      { type: "text", text: ["one", "zwölf"] },
      { type: "frames", fps: 10, frames: [{ jpeg: JPEG.toString("base64"), width: 64, height: 48, offsetMs: 100 }] },
      { type: "tracks", tracks: [{ id: 3, label: "car", points: [{ x: 0.5, y: 0.25, offsetMs: 40 }] }] },
      {
        type: "keypoints",
        keypoints: [
          { label: "person", score: 0.5, track: 3, frame: 1, points: [{ name: "nose", x: 0.5, y: 0.25, score: 0.5 }] },
        ],
        bones: [["nose", "left_eye"]],
      },
      { type: "masks", masks: [{ ...BOXES.boxes[0], columns: 3, rows: 2, runs: [1, 2, 3] }] },
      {
        type: "regions",
        regions: [{ corners: [[0, 0], [1, 0], [1, 0.5]], text: "Straße", score: 0.5, track: 3, frame: 1 }],
      },
      {
        type: "attributes",
        attributes: [
          { name: "plate", value: "M AB 123", score: 0.5, of: "detect", track: 3, box: 0 },
          { name: "weather", value: "rain", score: 0, of: "", track: 0 },
        ],
      },
      { type: "audio", audio: { data: "AQACAA==", sampleRate: 8000, channels: 1, offsetMs: 40 } },
      {
        type: "audio",
        audio: { data: "SUQz", sampleRate: 0, channels: 2, offsetMs: 0, contentType: "audio/mpeg" },
      },
    ]) {
      const made = stage({ payload: media.type, output: media.type }, (element) => element.payload);
      const answer = await post(made, { payload: media });
      assert.equal(answer.status, 200, answer.body);
      assert.deepEqual(JSON.parse(answer.body), media);
    }
  });

  it("makes plain values the declared type", async () => {
    const at = new Date("2026-01-01T00:00:00Z");
    for (const [output, given, expected] of [
      ["labels", { a: 1 }, [{ name: "a", value: 1 }]],
      ["labels", [{ name: "a", value: 1 }], [{ name: "a", value: 1 }]],
      ["labels", { type: 1, labels: 2 }, [{ name: "type", value: 1 }, { name: "labels", value: 2 }]],
      ["text", "one\ntwo", ["one", "two"]],
      ["attributes", { colour: "red" }, [{ name: "colour", value: "red", score: 0, of: "", track: 0 }]],
      ["readings", [{ sensor: "s", at, value: 2 }], [{ sensor: "s", at: at.toISOString(), value: 2, unit: "" }]],
    ]) {
      const answer = await post(readingStage(() => given, { output }), { payload: READINGS });
      assert.deepEqual(JSON.parse(answer.body)[output], expected);
    }
  });

  it("lets bytes and single pictures travel as they are", async () => {
    const opaque = stage({ payload: "opaque", output: "opaque" }, ({ payload }) => payload.opaque.subarray(1));
    let answer = await post(opaque, Buffer.from("abc"), { "content-type": "application/octet-stream" });
    assert.deepEqual([answer.status, answer.type, String(answer.body)], [200, "application/octet-stream", "bc"]);
    const frames = stage({ payload: "frames", output: "frames" }, (element) => element.frame);
    answer = await post(frames, JPEG, { "content-type": "image/jpeg" });
    assert.deepEqual([answer.status, answer.type], [200, "image/jpeg"]);
    assert(JPEG.equals(answer.body));
    assert.deepEqual(frames.accepts, ["image/jpeg", "application/json"]);
    const sizes = stage({ payload: "frames", output: "labels" }, ({ payload }) => {
      const { width, height } = payload.frames[0];
      return { width, height };
    });
    answer = await post(sizes, JPEG, { "content-type": "image/jpeg" });
    assert.deepEqual(
      JSON.parse(answer.body).labels.map((label) => label.value),
      [64, 48],
    );
  });

  it("keeps the type of bytes that their source told", async () => {
    const same = stage({ payload: "opaque", output: "opaque" }, ({ payload }) => payload);
    const answer = await post(same, Buffer.from("abc"), { "content-type": "application/pdf" });
    assert.deepEqual([answer.status, answer.type, String(answer.body)], [200, "application/pdf", "abc"]);
    // This one would be read as media.
    const mistaken = stage({ payload: "opaque", output: "opaque" }, ({ payload }) => ({
      ...payload,
      contentType: "application/json",
    }));
    assert.equal((await post(mistaken, Buffer.from("{}"), { "content-type": "a/b" })).type, "application/octet-stream");
  });

  it("reads sound from a WAV file", async () => {
    const file = Buffer.from(
      "524946462800000057415645666d74201000000001000100401f0000803e0000020010006461746104000000" + "01000200",
      "hex",
    );
    const made = stage({ payload: "audio", output: "audio" }, ({ payload }) => payload);
    assert.deepEqual(made.accepts, ["audio/wav", "application/json"]);
    const answer = await post(made, file, { "content-type": "audio/wav" });
    assert.deepEqual(JSON.parse(answer.body), {
      type: "audio",
      audio: { sampleRate: 8000, channels: 1, offsetMs: 0, data: "AQACAA==" },
    });
    for (const bad of [Buffer.alloc(0), Buffer.from("RIFF"), file.subarray(0, 30)])
      assert.equal((await post(made, bad, { "content-type": "audio/wav" })).status, 400);
  });

  it("fails a clip where one frame is wanted", async () => {
    const made = stage({ payload: "frames", output: "frames" }, (element) => element.frame);
    const frame = { jpeg: JPEG.toString("base64"), width: 64, height: 48, offsetMs: 0 };
    const answer = await post(made, { payload: { type: "frames", fps: 10, frames: [frame, frame] } });
    assert.deepEqual([answer.status, answer.body], [422, "the element has 2 frames, and this stage takes one"]);
  });

  it("says why it skips", async () => {
    const answer = await post(readingStage(() => new Skip("zu kalt:\n❄")), { payload: READINGS });
    assert.deepEqual([answer.status, answer.headers], [204, { "dayu-reason": "zu kalt: \\u2744" }]);
  });

  it("fails for good, or not", async () => {
    const failing = (error) =>
      quietly(() =>
        post(
          readingStage(() => {
            throw error;
          }),
          { payload: READINGS },
        ),
      );
    let answer = await failing(new Failed("no such zone: süd"));
    assert.deepEqual([answer.status, answer.body], [422, "no such zone: süd"]);
    answer = await failing(new Failed("the model loads", { retryable: true, after: 2.5 }));
    assert.deepEqual([answer.status, answer.headers], [503, { "retry-after": "3" }]);
    answer = await failing(new TypeError("odd"));
    assert.deepEqual([answer.status, answer.body], [500, "TypeError: odd"]);
    answer = await failing(undefined);
    assert.equal(answer.status, 500);
  });

  it("tells of an answer of another type", async () => {
    for (const [given, words] of [
      [undefined, "returned undefined, not labels and not a Skip"],
      [{ type: "text", text: [] }, "returned text, and the stage declares labels"],
      [7, "returned 7, which is no labels"],
      [{ a: NaN }, "value is NaN, no number"],
    ]) {
      const answer = await quietly(() => post(readingStage(() => given), { payload: READINGS }));
      assert.equal(answer.status, 500);
      assert(answer.body.includes(words), answer.body);
    }
  });

  it("reads parameters by their types", async () => {
    const made = readingStage((element, params) => JSON.stringify(params), {
      output: "text",
      parameters: {
        limit: Number,
        n: { type: "integer", default: 3 },
        on: Boolean,
        name: { type: String, default: null },
      },
    });
    const answer = await post(made, { payload: READINGS }, { "ce-dayuparams": '{"limit": 30, "on": true, "other": 1}' });
    assert.deepEqual(JSON.parse(JSON.parse(answer.body).text[0]), { limit: 30, n: 3, on: true, name: null });
    for (const [params, words] of [
      ["{}", "limit is missing"],
      ['{"limit": "x", "on": true}', 'limit is "x", not of type number'],
      ['{"limit": 1, "on": 1}', "on is 1, not of type boolean"],
      ['{"limit": 1, "on": true, "n": 1.5}', "n is 1.5, not of type integer"],
      ["[1]", "JSON object"],
      ["{", "parameters:"],
    ]) {
      const refused = await post(made, { payload: READINGS }, { "ce-dayuparams": params });
      assert.equal(refused.status, 400);
      assert(refused.body.includes(words), refused.body);
    }
  });

  it("gets named inputs by their names", async () => {
    const seen = [];
    const made = stage(
      { inputs: { vehicles: "boxes", lights: { types: ["labels"], required: false } }, output: "labels" },
      (element) => {
        seen.push(element);
        return {};
      },
    );
    assert.deepEqual(made.describe().inputs, { vehicles: ["boxes"], lights: { types: ["labels"], required: false } });
    const labels = { type: "labels", labels: [{ name: "red", value: 1 }] };
    assert.equal((await post(made, { inputs: { vehicles: BOXES, lights: labels } })).status, 200);
    assert.equal((await post(made, { inputs: { vehicles: BOXES } })).status, 200);
    assert.deepEqual(seen[0].inputs.lights, labels);
    assert.deepEqual(seen[0].outputs, {});
    assert.deepEqual(Object.keys(seen[1].inputs), ["vehicles"]);
    for (const [body, words] of [
      [{ inputs: { lights: labels } }, "no input vehicles; this stage reads boxes there"],
      [{ outputs: { vehicles: BOXES } }, "no input vehicles"],
      [{ inputs: { vehicles: labels } }, "the input vehicles is labels"],
      [{ inputs: [1] }, "inputs are a JSON object by name"],
    ]) {
      const answer = await post(made, body);
      assert.equal(answer.status, 400, answer.body);
      assert(answer.body.includes(words), answer.body);
    }
    assert.throws(
      () => stage({ inputs: { "a b": "boxes", lights: [], x: "sound" }, output: "labels" }, () => {}),
      /"sound"[^]*"a b" is no name[^]*lights has no media type/,
    );
  });

  it("refuses for good what cannot be read", async () => {
    const made = readingStage(() => ({}), { inputs: "boxes" });
    for (const [body, words] of [
      [Buffer.from("{"), "no JSON"],
      [Buffer.from("[".repeat(100000)), "no JSON"],
      [[], "JSON object"],
      [{}, "no payload; this stage reads readings"],
      [{ payload: { type: "labels", labels: [] } }, "the payload is labels"],
      [{ payload: READINGS }, "no output that this stage reads: boxes"],
      [{ payload: READINGS, outputs: [1] }, "outputs are"],
      [{ payload: { type: "readings", readings: [{ at: "2026-01-01T00:00:00Z" }] } }, "value is missing"],
      [{ payload: { type: "readings", readings: [{ at: "soon", value: 1 }] } }, 'payload: at is "soon"'],
      [{ payload: { type: "readings", readings: 5 } }, "no list"],
      [{ payload: { type: "opaque", opaque: "%%%%" } }, "bad base64"],
      [{ payload: { type: "sound" } }, 'has the type "sound"'],
      [{ payload: { type: [] } }, "has the type"],
    ]) {
      const answer = await post(made, body);
      assert.equal(answer.status, 400, answer.body);
      assert(answer.body.includes(words), answer.body);
    }
    assert.equal((await post(made, {}, { "content-type": "text/html" })).status, 415);
    const pictures = stage({ payload: "frames", output: "labels" }, () => ({}));
    for (const body of [Buffer.alloc(0), Buffer.from("GIF89a"), JPEG.subarray(0, 10), Buffer.alloc(100, 255)])
      assert.equal((await post(pictures, body, { "content-type": "image/jpeg" })).status, 400);
    for (const name of ["ce-dayuseq", "ce-dayuattempt", "ce-dayudeadline"])
      assert.equal((await post(made, {}, { [name]: "x" })).status, 400);
  });

  it("refuses other paths and methods", async () => {
    const made = readingStage(() => ({}));
    for (const [method, url, status] of [
      ["GET", "/", 405],
      ["POST", "/other", 404],
      ["POST", "/health", 405],
      ["DELETE", "/.well-known/dayu-stage", 405],
    ])
      assert.equal((await made.answer({ method, url, headers: {} }, Buffer.alloc(0))).status, status);
  });

  it("answers a batch one by one", async () => {
    const made = readingStage(
      async (element, { limit }) => {
        const [{ value }] = element.payload.readings;
        if (value === 1) return new Skip("one");
        if (value === 2) throw new Failed("two");
        if (value === 3) throw new Failed("three", { retryable: true });
        return { seq: element.seq, limit };
      },
      { batch: 8, parameters: { limit: Number } },
    );
    const event = (value, more = {}) => ({
      specversion: "1.0",
      id: `${value}.1`,
      source: "/pipelines/p/s",
      dayuseq: value,
      dayuparams: '{"limit": 2}',
      datacontenttype: "application/json",
      data: { payload: { type: "readings", readings: [{ sensor: "s", at: "2026-01-01T00:00:00Z", value }] } },
      ...more,
    });
    const type = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
    const events = [event(0), event(1), event(2), event(3), event(4, { data: null }), event(5, { dayuparams: "{}" })];
    assert.deepEqual(JSON.parse((await post(made, events, type)).body), [
      { id: "0.1", output: { type: "labels", labels: [{ name: "seq", value: 0 }, { name: "limit", value: 2 }] } },
      { id: "1.1", skip: "one" },
      { id: "2.1", failed: "two", retryable: false },
      { id: "3.1", failed: "three", retryable: true },
      { id: "4.1", failed: 'an element is a JSON object {"payload": …, "outputs": {…}}', retryable: false },
      { id: "5.1", failed: "parameters: limit is missing", retryable: false },
    ]);
    for (const bad of [{}, [1], [{ id: 5 }]]) assert.equal((await post(made, bad, type)).status, 400);
    const opaque = stage({ payload: "opaque", output: "opaque" }, ({ payload }) => payload);
    const bytes = { id: "1.1", datacontenttype: "application/octet-stream", data_base64: "YWJj" };
    assert.deepEqual(JSON.parse((await post(opaque, [bytes], type)).body), [
      { id: "1.1", output: { type: "opaque", opaque: "YWJj" } },
    ]);
  });

  it("runs no more calls at once than it says", async () => {
    let release;
    const gate = new Promise((resolve) => (release = resolve));
    const made = readingStage(() => gate.then(() => ({})));
    const first = post(made, { payload: READINGS });
    const late = await post(made, { payload: READINGS }, { "ce-dayudeadline": "20" });
    assert.deepEqual([late.status, late.body], [500, "the service was busy with other calls until the deadline"]);
    const second = post(made, { payload: READINGS });
    release();
    assert.deepEqual([(await first).status, (await second).status], [200, 200]);
  });
});

describe("side inputs", () => {
  const LIMITS = Buffer.from('{"most": 3}');
  const sha256 = (value) => createHash("sha256").update(value).digest("hex");
  const DIGEST = sha256(LIMITS);
  const give = (made, digest, body, method = "PUT") => made.answer({ method, url: `/side/${digest}`, headers: {} }, body);
  const seeing = (seen) => readingStage((element) => (seen.push(element.side), new Skip()));

  it("are seen under their names once they were given", async () => {
    const seen = [];
    const made = seeing(seen);
    assert.equal((await give(made, DIGEST, LIMITS)).status, 204);
    assert.equal((await post(made, { payload: READINGS }, { "ce-dayuside": `limits=${DIGEST}` })).status, 204);
    await post(made, { payload: READINGS });
    assert.deepEqual(seen, [{ limits: { most: 3 } }, {}]);
  });

  it("are asked for where they are not here", async () => {
    const seen = [];
    const made = seeing(seen);
    assert.equal((await post(made, { payload: READINGS }, { "ce-dayuside": `limits=${DIGEST}` })).status, 428);
    const event = { id: "1.1", data: { payload: READINGS } };
    const batch = [event, { ...event, id: "2.1", dayuside: `limits=${DIGEST}` }];
    const type = { "content-type": "application/cloudevents-batch+json" };
    assert.equal((await post(made, batch, type)).status, 428);
    assert.deepEqual(seen, [], "no element of the batch was worked on");
    await give(made, DIGEST, LIMITS);
    assert.equal((await post(made, batch, type)).status, 200);
    assert.deepEqual(seen, [{}, { limits: { most: 3 } }]);
  });

  it("are refused where they are none", async () => {
    const made = seeing([]);
    assert.equal((await give(made, "0".repeat(64), LIMITS)).status, 400);
    assert.equal((await give(made, sha256("{"), Buffer.from("{"))).status, 400);
    assert.equal((await give(made, DIGEST, Buffer.alloc(0), "GET")).status, 405);
    for (const bad of ["limits", "limits=1", `=${DIGEST}`])
      assert.equal((await post(made, { payload: READINGS }, { "ce-dayuside": bad })).status, 400);
  });

  it("are kept, the last 64 at least", async () => {
    const made = seeing([]);
    const values = Array.from({ length: 300 }, (_, number) => Buffer.from(String(number)));
    for (const value of values) await give(made, sha256(value), value);
    const status = async (value) =>
      (await post(made, { payload: READINGS }, { "ce-dayuside": `limits=${sha256(value)}` })).status;
    for (const value of values.slice(-64)) assert.equal(await status(value), 204);
    assert.equal(await status(values[0]), 428);
  });
});
