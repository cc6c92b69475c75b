// Services over gRPC as nodes call them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import { describe, it } from "node:test";
import { bytes, fields, frame, grpcListener, varint } from "../grpc.js";
import { Failed, Skip, stage } from "../index.js";

const SERVICE = "dayu.service.v1.Stage";

/** A Call, as a node writes it. */
function call(id, body, type = "application/octet-stream", params = "") {
  const element = [bytes(1, Buffer.from("pipe/numbers")), varint(2, 7), varint(3, 2), varint(6, 1_714_564_800_250)];
  return Buffer.concat([
    varint(1, id),
    bytes(2, Buffer.from("size")),
    bytes(3, Buffer.from(params)),
    varint(4, 10_000),
    bytes(5, Buffer.concat(element)),
    bytes(6, Buffer.concat([bytes(1, Buffer.from(type)), bytes(2, Buffer.from(body))])),
  ]);
}

/** The other end of a stream. */
class Node {
  credit = 0;
  replies = new Map();
  #parts = Buffer.alloc(0);
  #changed = () => {};

  constructor(port) {
    this.session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1 << 24 } });
    this.session.on("error", () => {});
  }

  request(method) {
    const stream = this.session.request({
      ":method": "POST",
      ":path": `/${SERVICE}/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    return stream;
  }

  /** Its message and its status. */
  async unary(method) {
    const stream = this.request(method);
    stream.end(frame([]));
    let status;
    stream.on("response", (headers) => (status = headers["grpc-status"]));
    stream.on("trailers", (trailers) => (status = trailers["grpc-status"]));
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    await once(stream, "close");
    return { status, message: Buffer.concat(parts).subarray(5) };
  }

  open() {
    this.stream = this.request("Work");
    this.stream.on("trailers", (trailers) => (this.status = trailers["grpc-status"]));
    this.stream.on("data", (part) => {
      this.#parts = Buffer.concat([this.#parts, part]);
      while (this.#parts.length >= 5 && this.#parts.length >= 5 + this.#parts.readUInt32BE(1)) {
        const end = 5 + this.#parts.readUInt32BE(1);
        for (const [number, value] of fields(this.#parts.subarray(5, end)))
          if (number === 1) this.credit += value;
          else {
            const reply = new Map(fields(value));
            this.replies.set(reply.get(1), reply);
          }
        this.#parts = this.#parts.subarray(end);
      }
      this.#changed();
    });
    return this;
  }

  send(...calls) {
    this.stream.write(frame(calls.map((each) => bytes(1, each))));
  }

  async until(holds) {
    while (!holds()) await new Promise((resolve) => (this.#changed = resolve));
  }

  async answers(...ids) {
    await this.until(() => ids.every((id) => this.replies.has(id)));
    return ids.map((id) => this.replies.get(id));
  }
}

async function serving(served, test) {
  const server = grpcListener(served);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const node = new Node(server.address().port);
  try {
    await test(node, server);
  } finally {
    node.session.destroy();
    if (!server.stopping) await new Promise((resolve) => server.stop(resolve));
  }
}

const body = (reply) => {
  const [type, content] = [...fields(reply.get(5))].map(([, value]) => value.toString());
  return { type, content };
};

describe("over gRPC", () => {
  const size = stage(
    { name: "size", payload: ["opaque"], output: "labels", parallelism: 2, parameters: { name: String } },
    (element, { name }) => ({ [name]: element.payload.opaque.length }),
  );

  it("describes itself and takes elements ahead of their turn", () =>
    serving(size, async (node) => {
      const { status, message } = await node.unary("Describe");
      assert.equal(status, "0");
      const [[, json]] = fields(message);
      const about = JSON.parse(json);
      assert.deepEqual([about.description, about.parallelism, about.batch], ["size", 2, 16]);
      await node.open().until(() => node.credit > 0);
      assert.equal(node.credit, 32);
      const params = JSON.stringify({ name: "length" });
      node.send(...[1, 2, 3].map((id) => call(id, "x".repeat(id), undefined, params)));
      for (const [at, reply] of (await node.answers(1, 2, 3)).entries()) {
        assert.equal(body(reply).type, "application/json");
        assert.deepEqual(JSON.parse(body(reply).content).labels, [{ name: "length", value: at + 1 }]);
      }
      assert.equal(node.credit, 32 + 3);
    }));

  it("gives a side input to the calls that name it", async () => {
    const seen = [];
    const limited = stage({ payload: ["opaque"], output: "labels" }, (element) => {
      seen.push(element.side);
      return { n: 1 };
    });
    const limits = Buffer.from('{"most": 3}');
    const digest = createHash("sha256").update(limits).digest();
    const named = bytes(7, Buffer.concat([bytes(1, Buffer.from("limits")), bytes(2, digest)]));
    await serving(limited, async (node) => {
      node.open().send(Buffer.concat([call(1, "x"), named]));
      const [early] = await node.answers(1);
      assert.equal(new Map(fields(early.get(4))).get(2), 1, "it was not given yet: tried again");
      // Protobuf writes what was added later behind what was there before.
      const given = bytes(2, Buffer.concat([bytes(1, digest), bytes(2, limits)]));
      node.stream.write(frame([bytes(1, Buffer.concat([call(2, "x"), named])), given]));
      node.send(Buffer.concat([call(3, "x"), named]), call(4, "x"));
      await node.answers(2, 3, 4);
      assert.deepEqual(seen, [{ limits: { most: 3 } }, { limits: { most: 3 } }, {}]);
    });
  });

  it("tells a function which element it is", async () => {
    let seen;
    const echo = stage({ payload: ["opaque"], output: "opaque" }, (element) => {
      seen = element;
      return element.payload.opaque;
    });
    await serving(echo, async (node) => {
      node.open().send(call(1, "abc"));
      assert.deepEqual(body((await node.answers(1))[0]), { type: "application/octet-stream", content: "abc" });
      assert.deepEqual(
        [seen.stream, seen.seq, seen.attempt, seen.stage, seen.createdAt],
        ["pipe/numbers", 7, 2, "size", "2024-05-01T12:00:00.250Z"],
      );
      assert.ok(seen.millisecondsLeft() > 0 && seen.millisecondsLeft() <= 10_000);
    });
  });

  it("tells every outcome", async () => {
    const choose = stage({ payload: ["opaque"], output: "labels" }, (element) => {
      const word = element.payload.opaque.toString();
      if (word === "skip") return new Skip("nothing moves");
      if (word === "never") throw new Failed("too dark");
      if (word === "wait") throw new Failed("warming up", { retryable: true, after: 0.5 });
      throw new TypeError("a defect");
    });
    await serving(choose, async (node) => {
      const words = ["skip", "never", "wait", "defect"];
      node.open().send(...words.map((word, at) => call(at + 1, word)));
      node.send(call(5, "{", "application/json"));
      const [skip, ...failed] = await node.answers(1, 2, 3, 4, 5);
      assert.equal(skip.get(3).toString(), "nothing moves");
      const told = failed.map((reply) => new Map(fields(reply.get(4))));
      assert.deepEqual([told[0].get(1).toString(), told[0].get(2)], ["too dark", 0]);
      assert.deepEqual([told[1].get(1).toString(), told[1].get(2), told[1].get(3)], ["warming up", 1, 500]);
      assert.deepEqual([told[2].get(1).toString(), told[2].get(2)], ["TypeError: a defect", 1]);
      assert.match(told[3].get(1).toString(), /this is no JSON/);
    });
  });

  it("refuses a body of another content type", async () => {
    const count = stage({ payload: ["readings"], output: "labels" }, () => ({ n: 1 }));
    await serving(count, async (node) => {
      node.open().send(call(1, "x", "text/html"));
      const told = new Map(fields((await node.answers(1))[0].get(4)));
      assert.match(told.get(1).toString(), /text\/html is not one of/);
    });
  });

  it("passes eight megabytes", async () => {
    const echo = stage({ payload: ["opaque"], output: "opaque" }, (element) => element.payload.opaque);
    await serving(echo, async (node) => {
      node.open().send(call(1, Buffer.alloc(8_000_000, "x")));
      assert.equal(body((await node.answers(1))[0]).content.length, 8_000_000);
    });
  });

  it("breaks off a stream of what is no message, and no other", () =>
    serving(size, async (node) => {
      node.open().stream.write(frame([Buffer.from([0x0f, 0xff])]));
      await once(node.stream, "close");
      assert.equal(node.status, "13");
      node.open().send(call(1, "x", undefined, '{"name": "n"}'));
      assert.ok((await node.answers(1))[0].has(5));
    }));

  it("says of what it does not know that it does not", () =>
    serving(size, async (node) => assert.equal((await node.unary("Other")).status, "12")));

  it("ends a stream once its calls have ended when it is to stop", async () => {
    let begun, go;
    const begins = new Promise((resolve) => (begun = resolve));
    const slow = stage({ payload: ["opaque"], output: "labels" }, () => {
      begun();
      return new Promise((resolve) => (go = () => resolve({ n: 1 })));
    });
    await serving(slow, async (node, server) => {
      node.open().send(call(1, "x"));
      await begins;
      const stopped = new Promise((resolve) => server.stop(resolve));
      go();
      assert.ok((await node.answers(1))[0].has(5));
      await once(node.stream, "close");
      assert.equal(node.status, "0");
      await stopped;
    });
  });
});
