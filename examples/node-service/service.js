import { Skip, stage } from "../../sdk/node/index.js";

/** What of the readings is above the limit, and what of it is unusual besides; nothing: no alarm. */
export const alarm = stage(
  {
    name: "alarm",
    description: "Alarms where a smoothed reading is above a limit, or unusual",
    inputs: { readings: "readings", unusual: { types: "labels", required: false } },
    output: "labels",
    parameters: { limit: { type: Number, default: 80, description: "in the unit of the readings" } },
  },
  (element, params) => {
    const values = new Map();
    for (const { sensor, value } of element.inputs.readings.readings)
      if (value > params.limit) values.set(sensor, value);
    for (const { name, value } of element.inputs.unusual?.labels ?? [])
      if (!values.has(name)) values.set(`${name} (unusual)`, value);
    if (values.size === 0) return new Skip("all is well");
    return [...values].map(([name, value]) => ({ name, value }));
  },
);

await alarm.main(import.meta.url);
