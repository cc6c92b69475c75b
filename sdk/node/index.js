// Stages of Dayu in Node.js: a function is the whole programme. See README.md, and index.d.ts for all of it.
export { Failed, Skip, StageError, stage } from "./stage.js";
