// What a node gives a service besides the elements: values of side inputs, kept by the SHA-256 of their JSON.
import { createHash } from "node:crypto";

const KEPT = 128; // at most; a node counts on 64
const MOST = 256 * 1024;
const DIGEST = /^[0-9a-f]{64}$/;

/** A value is named that is not here: the node gives it and calls again. */
export class Missing extends Error {}

/** The last values that were given. */
export class Sides {
  #values = new Map(); // by digest, in the order in which they were given

  /** Keeps a value; throws if it is none. */
  put(digest, body) {
    if (body.length > MOST) throw new Error(`it has ${body.length} bytes, and 256 KiB are the most`);
    if (createHash("sha256").update(body).digest("hex") !== digest)
      throw new Error("it has another SHA-256 than it is given under");
    const value = JSON.parse(body.toString("utf8"));
    this.#values.delete(digest);
    this.#values.set(digest, value);
    if (this.#values.size > KEPT) this.#values.delete(this.#values.keys().next().value);
  }

  /** The values by name, of digests by name; throws Missing if one is not here. */
  named(digests) {
    const side = {};
    for (const [name, digest] of Object.entries(digests)) {
      if (!this.#values.has(digest)) throw new Missing(`the value ${digest} was not given, or too long ago`);
      side[name] = this.#values.get(digest);
    }
    return side;
  }
}

/** Of a header "limits=DIGEST,plates=DIGEST"; throws if it is none. */
export function digests(text) {
  const read = {};
  for (const each of text ? String(text).split(",") : []) {
    const [name, digest] = each.trim().split("=", 2);
    if (!name || !DIGEST.test(digest ?? "")) throw new Error(`${JSON.stringify(each)} is no NAME=SHA-256`);
    read[name] = digest;
  }
  return read;
}
