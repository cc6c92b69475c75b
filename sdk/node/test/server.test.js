// The server over real sockets, and programmes as the node starts them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { stage } from "../index.js";

const PACKAGE = new URL("../index.js", import.meta.url).href;
const READINGS = JSON.stringify({
  payload: { type: "readings", readings: [{ sensor: "s", at: "2026-01-01T00:00:00Z", value: 1 }] },
});

async function serving(work, test) {
  const server = stage({ payload: ["readings", "opaque"], output: "labels", parallelism: 8 }, work).listener();
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    await test(server.address().port, server);
  } finally {
    server.closeAllConnections();
    if (!server.stopping) await new Promise((resolve) => server.stop(resolve));
  }
}

function post(port, body = READINGS, agent = undefined) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request({ port, host: "127.0.0.1", method: "POST", headers, agent }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes and reads until the server closes. */
async function raw(port, bytes) {
  const socket = connect(port, "127.0.0.1");
  const parts = [];
  socket.on("data", (part) => parts.push(part));
  socket.on("error", () => {});
  socket.end(bytes);
  await once(socket, "close");
  return Buffer.concat(parts).toString("latin1");
}

const count = (element) => ({ n: element.payload.readings?.length ?? element.payload.opaque.length });

describe("the server", () => {
  it("serves many requests over a connection", () =>
    serving(count, async (port, server) => {
      let connections = 0;
      server.on("connection", () => connections++);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 100; i++) assert.equal((await post(port, READINGS, agent)).status, 200);
      agent.destroy();
      assert.equal(connections, 1);
    }));

  it("passes large bodies", () =>
    serving(count, async (port) => {
      const opaque = Buffer.alloc(8 << 20, 7).toString("base64");
      const answer = await post(port, JSON.stringify({ payload: { type: "opaque", opaque } }));
      assert.equal(JSON.parse(answer.body).labels[0].value, 8 << 20);
    }));

  it("takes a body in chunks", () =>
    serving(count, async (port) => {
      const head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
      const answer = await raw(port, `${head}${READINGS.length.toString(16)}\r\n${READINGS}\r\n0\r\n\r\n`);
      assert.match(answer, /^HTTP\/1.1 200 OK/);
    }));

  it("refuses garbage and lives", () =>
    serving(count, async (port) => {
      for (const garbage of [
        "\x00\x01\x02\r\n\r\n",
        "POST / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      ])
        assert.match(await raw(port, garbage), /^HTTP\/1.1 400 Bad Request/, JSON.stringify(garbage));
      await raw(port, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
      assert.equal((await post(port)).status, 200);
    }));

  it("answers what runs before the end and closes what rests", async () => {
    let release;
    let begun;
    const gate = new Promise((resolve) => (release = resolve));
    const inside = new Promise((resolve) => (begun = resolve));
    await serving(
      async () => {
        begun();
        await gate;
        return {};
      },
      async (port, server) => {
        const resting = connect(port, "127.0.0.1");
        resting.write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
        await once(resting, "data");
        const working = post(port, READINGS, new Agent({ keepAlive: true }));
        await inside;
        let ended = false;
        const stopped = new Promise((resolve) => server.stop(resolve)).then(() => (ended = true));
        resting.resume();
        await once(resting, "close");
        assert.equal(ended, false);
        release();
        const answer = await working;
        assert.deepEqual([answer.status, answer.headers.connection], [200, "close"]);
        await stopped;
      },
    );
  });
});

describe("a programme", () => {
  const directory = mkdtempSync(join(tmpdir(), "dayu-stage-"));
  after(() => rmSync(directory, { recursive: true }));

  function start(more = "", port = "0", end = "count.main(import.meta.url)") {
    const file = join(directory, "programme.mjs");
    writeFileSync(
      file,
      `import { stage } from ${JSON.stringify(PACKAGE)};
       const count = stage({ name: "count", payload: ["readings"], output: "labels"${more} },
         (element) => ({ n: element.payload.readings.length }));
       setInterval(() => {}, 1000000); // what an author left behind does not hold the end up
       await ${end};`,
    );
    const child = spawn(process.execPath, [file], { env: { ...process.env, DAYU_SERVICE_PORT: port } });
    child.said = "";
    child.stderr.on("data", (part) => (child.said += part));
    return child;
  }

  it("serves until SIGTERM", async () => {
    const child = start();
    try {
      while (!child.said.includes("\n")) await once(child.stderr, "data");
      const [, port] = /count listens at http:\/\/127.0.0.1:(\d+)\//.exec(child.said);
      assert.equal(JSON.parse((await post(Number(port))).body).labels[0].value, 1);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("tells its author's error at start", async () => {
    const child = start(", parameters: { limit: 3 }");
    const [code] = await once(child, "close");
    assert.equal(code, 1);
    assert.match(child.said, /stage count:\n {2}parameter limit has no type/);
  });

  it("tells of a port that is taken", async () => {
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const child = start("", String(taken.address().port));
    const [code] = await once(child, "close");
    taken.close();
    assert.equal(code, 1);
    assert.match(child.said, /^count cannot listen: .*EADDRINUSE/);
  });
});
