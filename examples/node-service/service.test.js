import assert from "node:assert/strict";
import { test } from "node:test";
import { Skip } from "../../sdk/node/index.js";
import { alarm } from "./service.js";

function readings(value) {
  return { type: "readings", readings: [{ sensor: "press", at: new Date(0), value, unit: "C" }] };
}

test("it alarms above the limit", async () => {
  const given = await alarm.call({ inputs: { readings: readings(91) } }, { limit: 90 });
  assert.deepEqual(given.labels, [{ name: "press", value: 91 }]);
});

test("it alarms at what is unusual", async () => {
  const unusual = { type: "labels", labels: [{ name: "press", value: 6.5 }] };
  const given = await alarm.call({ inputs: { readings: readings(20), unusual } });
  assert.deepEqual(given.labels, [{ name: "press (unusual)", value: 6.5 }]);
});

test("it skips what is well", async () => {
  assert(await alarm.call({ inputs: { readings: readings(20) } }) instanceof Skip);
});
