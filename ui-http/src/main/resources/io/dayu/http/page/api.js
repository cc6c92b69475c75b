// The API of this server: JSON, frames and event streams, with the visitor's token where one is needed.

const KEY = "dayu-token";

/** What the server said when it refused: title, detail, remedy, status. */
export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail ? `${problem.detail}. ${problem.remedy}` : `status ${status}`);
    this.status = status;
  }
}

export function useToken(token) {
  sessionStorage.setItem(KEY, token);
}

async function ask(path, accept, signal, body) {
  const headers = { Accept: accept, ...(body ? { "Content-Type": "application/json" } : {}) };
  const token = sessionStorage.getItem(KEY);
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { headers, signal, ...(body ? { method: "POST", body: JSON.stringify(body) } : {}) });
  if (response.ok) return response;
  throw new Refused(await response.json().catch(() => ({})), response.status);
}

export async function json(path) {
  return (await ask(path, "application/json", AbortSignal.timeout(8000))).json();
}

export async function post(path, body) {
  return (await ask(path, "application/json", AbortSignal.timeout(20000), body)).json();
}

/** A kept payload: a frame or sound, which its type tells. */
export async function payload(path) {
  return (await ask(path, "image/jpeg, audio/wav", AbortSignal.timeout(8000))).blob();
}

/**
 * Reads an event stream until it ends or is aborted. EventSource would do, but it cannot send a token.
 * The server shows a sign of life every 10 s; without any for 30 s the stream is given up.
 */
export async function follow(path, signal, onEvent) {
  const silent = new AbortController();
  const reader = (await ask(path, "text/event-stream", AbortSignal.any([signal, silent.signal]))).body
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  for (;;) {
    const timer = setTimeout(() => silent.abort(), 30000);
    const { value, done } = await reader.read();
    clearTimeout(timer);
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      let name = "message";
      let data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (data) onEvent(name, JSON.parse(data));
    }
  }
}
