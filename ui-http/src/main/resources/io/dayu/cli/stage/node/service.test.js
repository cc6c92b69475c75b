import assert from "node:assert/strict";
import { it } from "node:test";
import { Skip } from "./dayu-stage/index.js";
import { service } from "./service.js";

function readings(...values) {
  const at = new Date();
  return { payload: { type: "readings", readings: values.map((value) => ({ sensor: "oven", at, value, unit: "C" })) } };
}

it("counts readings above the limit", async () => {
  const output = await service.call(readings(29, 31, 35), { limit: 30 });
  assert.deepEqual(output, { type: "labels", labels: [{ name: "above", value: 2 }] });
});

it("skips what has none", async () => {
  assert(await service.call(readings(20)) instanceof Skip);
});
