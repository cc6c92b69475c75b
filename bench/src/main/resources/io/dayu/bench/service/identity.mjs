// Answers with the bytes it got. Arguments: the directory of the package, calls at once, elements in one request.
import { pathToFileURL } from "node:url";

const [directory, parallelism, batch] = process.argv.slice(2);
const { stage } = await import(pathToFileURL(`${directory}/index.js`));
const options = { payload: ["opaque"], output: "opaque", parallelism: Number(parallelism), batch: Number(batch) };
await stage(options, (element) => element.payload.opaque).serve();
