import { Skip, stage } from "./dayu-stage/index.js";

export const service = stage(
  {
    name: "{NAME}",
    description: "Counts readings above a limit",
    payload: ["readings"], // what it reads of the payload
    output: "labels",
    parameters: { limit: { type: Number, default: 30, description: "in the unit of the readings" } },
  },
  (element, { limit }) => {
    const above = element.payload.readings.filter((reading) => reading.value > limit).length;
    return above > 0 ? { above } : new Skip("nothing above the limit");
  },
);

await service.main(import.meta.url);
