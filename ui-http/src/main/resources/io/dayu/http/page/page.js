// The live page: polls states once a second, follows decisions and kept frames as they come.
import { Refused, follow, json, payload, post, useToken } from "/api.js";
import { draw, marksOf } from "/canvas.js";
import { drawSound, play, samplesOf } from "/sound.js";

const POLL_MS = 1000;
const MOVED_MS = 15000;
const FAILED_SHOWN = 20;

const $ = (id) => document.getElementById(id);
const state = {
  pipeline: "", document: null, stop: new AbortController(), lostSince: null, updated: 0,
  moves: new Map(), // "stream stage" -> {from, at}
  routes: new Map(), // stream -> route last shown
  failed: new Map(), // "source/seq" -> row
  frames: new Map(), // stream -> {figure, canvas, caption, player, next, busy, sound}
};

/** An element; children are nodes or text, never markup. */
function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}
const td = (text, cls = "") => el("td", cls ? { class: cls } : {}, text);
const num = (value, digits = 0) =>
  td(value == null ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }), "num");
const api = (rest = "") => `/api/v1/pipelines/${encodeURIComponent(state.pipeline)}${rest}`;
const time = (iso) => new Date(iso).toLocaleTimeString("en-GB");
const tone = (word) =>
  ({ up: "good", running: "good", completed: "good", starting: "warn", pausing: "warn", paused: "warn", stopping: "warn", stopped: "warn", degraded: "warn", "source-down": "warn", silent: "bad", failed: "bad", "backing-off": "bad" })[word] ?? "quiet";

function meter(share) {
  if (share == null) return el("td", {}, "–");
  const percent = Math.min(100, Math.max(0, 100 * share));
  const fill = el("span", {});
  fill.style.width = `${percent}%`;
  return el("td", {}, el("span", { class: percent > 85 ? "meter high" : "meter" }, fill), el("span", { class: "percent" }, `${percent.toFixed(0)} %`));
}

function showNodes(nodes) {
  const rows = nodes.map((n) => {
    const stages = n.stages.map((s) =>
      el("span", { class: "chip", title: `${s.type}, ${s.processed} elements` }, el("b", {}, s.stage),
        ` ${s.serviceMs.toFixed(1)} ms, queue ${s.queue} `, s.state === "running" ? "" : el("span", { class: tone(s.state) }, s.state)));
    return el("tr", {}, td(el("b", {}, n.name)), td(n.role), td(n.site), td(n.status, tone(n.status)), meter(n.cpu), meter(n.memory),
      td(`${(n.rssBytes / 1048576).toFixed(0)} MiB`, "num"), td(`${(n.reportAgeMs / 1000).toFixed(1)} s`, n.status === "silent" ? "num bad" : "num"),
      el("td", { class: "wide" }, ...(stages.length ? stages : ["–"])));
  });
  fill("nodes", rows, 9, "No node has reported yet.");
}

function fill(table, rows, columns, empty) {
  const none = el("tr", {}, el("td", { colspan: columns, class: "quiet" }, empty));
  $(table).tBodies[0].replaceChildren(...(rows.length ? rows : [none]));
}

function ledgerCells(l) {
  const balanced = l.generated === l.delivered + l.failed + l.shed + l.inFlight;
  return [num(l.generated), num(l.delivered), num(l.failed), num(l.shed), num(l.inFlight),
    el("td", { class: balanced ? "center good" : "center bad", title: "generated = delivered + failed + shed + in flight" }, balanced ? "✓" : "✗")];
}

function showStreams(status) {
  const rows = status.streams.map((s) =>
    el("tr", {}, td(el("b", {}, s.stream)), td(s.node ?? "–"), td(s.state, tone(s.state)), ...ledgerCells(s.ledger), num(s.perSecond, 1),
      num(s.latencyMs.p50, 1), num(s.latencyMs.p95, 1), num(s.latencyMs.p99, 1)));
  if (rows.length > 1) rows.push(el("tr", { class: "total" }, td("Total"), td(""), td(""), ...ledgerCells(status.ledger), td(""), td(""), td(""), td("")));
  fill("ledger", rows, 13, "No stream.");
  $("problems").replaceChildren(...status.problems.map((p) => el("li", {}, el("b", {}, p.path), " ", p.message, el("small", {}, p.remedy))));
  $("problems").hidden = !status.problems.length;
}

function age(ms) {
  for (const [unit, size] of [["d", 86400000], ["h", 3600000], ["min", 60000]])
    if (ms >= 2 * size) return `${(ms / size).toFixed(1)} ${unit}`;
  return `${Math.round(ms / 1000)} s`;
}

function showPruned(results) {
  const n = (count) => count.toLocaleString("en");
  const kept = results.pruned === results.stored ? ", none is kept"
    : results.oldestAgeMs == null ? "" : `, oldest kept: ${age(results.oldestAgeMs)}`;
  $("pruned").textContent = `Pruned: ${n(results.pruned)} of ${n(results.stored)} results${kept}`;
  $("pruned").hidden = !results.pruned;
}

function shares(route) {
  const sum = route.reduce((all, s) => all + s.weight, 0);
  return route.map((s) =>
    el("span", { class: "chip" }, el("b", {}, s.node), route.length > 1 ? ` ${Math.round((100 * s.weight) / sum)} %` : ""));
}
const names = (route) => route.map((s) => s.node).join(", ");

function showRoutes(pipeline) {
  const order = pipeline.document.spec.stages.map((s) => s.id);
  const blocks = pipeline.status.streams.map((s) => {
    const d = s.decision;
    if (!d) return el("div", { class: "route" }, el("h3", {}, s.stream), el("p", {}, "No decision yet."));
    noteMoves(s.stream, d.route);
    const rows = order.filter((stage) => d.route[stage]).map((stage) => {
      const moved = state.moves.get(`${s.stream} ${stage}`);
      const fresh = moved && Date.now() - moved.at < MOVED_MS;
      return el("tr", { "data-stage": stage, ...(fresh ? { class: "moved" } : {}) }, td(el("b", {}, stage)),
        el("td", { class: "wide" }, ...shares(d.route[stage])), td(fresh ? `moved from ${moved.from}` : "", "quiet"));
    });
    return el("div", { class: "route" }, el("h3", {}, s.stream),
      el("p", {}, `Version ${d.version}, ${time(d.at)}${s.decisionInUse < d.version ? ", not yet in use" : ""}: ${d.reason}`),
      el("table", {}, el("tbody", {}, ...rows)));
  });
  $("routes").replaceChildren(...(blocks.length ? blocks : [el("p", { class: "empty" }, "No stream.")]));
}

/** Remembers which stages run elsewhere than when they were last shown. */
function noteMoves(stream, route) {
  const before = state.routes.get(stream);
  state.routes.set(stream, route);
  if (!before) return;
  for (const [stage, now] of Object.entries(route)) {
    const was = before[stage];
    if (was && JSON.stringify(was) !== JSON.stringify(now)) state.moves.set(`${stream} ${stage}`, { from: names(was), at: Date.now() });
  }
}

function showDecisions(decisions) {
  const lines = decisions.map((d) => el("li", {}, el("span", { class: "quiet" }, `${time(d.at)} ${d.stream} v${d.version} `), d.reason));
  $("decisions").replaceChildren(...(lines.length ? lines : [el("li", { class: "quiet" }, "None yet.")]));
}

/** One frame at a time per stream; while one is fetched only the newest of those that follow is kept. */
async function showFrame(result) {
  let f = state.frames.get(result.stream);
  if (!f) {
    const canvas = el("canvas", { role: "img", "aria-label": `Latest frame of ${result.stream}`, "data-stream": result.stream });
    const caption = el("figcaption", {});
    const player = el("button", { type: "button", hidden: "" }, "Play");
    f = { canvas, caption, player, figure: el("figure", {}, canvas, player, caption), next: null, busy: false, sound: null };
    player.addEventListener("click", () => play(f.sound));
    state.frames.set(result.stream, f);
  }
  f.next = result;
  if (f.busy) return;
  f.busy = true;
  try {
    while (f.next) {
      const r = f.next;
      f.next = null;
      const marks = marksOf(r.outputs, state.document?.spec.stages ?? []);
      const kept = await payload(r.frame);
      if (kept.type.startsWith("audio/")) {
        f.sound = await samplesOf(kept);
        drawSound(f.canvas, f.sound);
      } else {
        const bitmap = await createImageBitmap(kept);
        draw(f.canvas, bitmap, marks);
        bitmap.close();
        f.sound = null;
      }
      f.player.hidden = !f.sound;
      const lines = Object.entries(r.outputs).filter(([, m]) => m.type === "labels").map(([stage, m]) =>
        `${stage}: ${m.labels.map((l) => `${l.name} ${Number(l.value.toFixed(2))}`).join(", ") || "none"}`);
      for (const [stage, media] of Object.entries(r.outputs))
        if (f.sound && media.type === "readings")
          lines.push(`${stage}: ${media.readings.map((m) => `${m.sensor} ${Number(m.value?.toFixed(1))} ${m.unit}`).join(", ") || "none"}`);
        else if (media.type === "attributes")
          lines.push(`${stage}: ${media.attributes.map((a) => `${a.name} ${a.value}`).join(", ") || "none"}`);
      f.caption.replaceChildren(el("strong", {}, r.stream), ` #${r.seq}, ${time(r.createdAt)}, ${r.latencyMs.toFixed(0)} ms, ${f.sound ? `${f.sound.duration.toFixed(1)} s of sound` : `${marks.boxes.length} boxes`}`,
        ...(lines.length ? [el("br", {}), lines.join("; ")] : []));
      if (!f.figure.isConnected && state.frames.get(r.stream) === f) {
        if (!$("frames").querySelector("figure")) $("frames").replaceChildren();
        $("frames").append(f.figure);
      }
    }
  } catch (e) {
    f.caption.textContent = `Frame not shown: ${e.message}`;
  } finally {
    f.busy = false;
  }
}

/** What it was that failed: a picture, or its type and size. */
function payloadOf(item) {
  if (item.media !== "frames") return td(`${item.media}, ${item.bytes.toLocaleString("en")} bytes`);
  const canvas = el("canvas", { role: "img", class: "thumb", "aria-label": `Frame of ${item.source}/${item.seq}` });
  payload(item.payload).then(createImageBitmap).then((bitmap) => {
    draw(canvas, bitmap, marksOf({}, []));
    bitmap.close();
  }).catch((e) => canvas.replaceWith(`not shown: ${e.message}`));
  return el("td", {}, canvas);
}

function failedRow(item) {
  const button = el("button", {}, "Send again");
  button.addEventListener("click", () => retry(button, { source: item.source, seqs: [item.seq] }));
  const away = el("span", { class: "quiet" }, "is on its way again");
  const row = el("tr", { "data-failed": `${item.source}/${item.seq}` }, td(el("b", {}, `${item.source}/${item.seq}`)), payloadOf(item), td(item.stage || "–"),
    el("td", { class: "wide" }, item.reason || "–"), num(item.retries), el("td", {}, button, away));
  return { row, button, away };
}

async function retry(button, body) {
  button.disabled = true;
  $("failed-note").textContent = "";
  try {
    let sent = 0, left = [], after;
    do {
      const answer = await post(api("/retry"), after ? { ...body, after } : body);
      sent += answer.retried.length;
      left = left.concat(answer.left, answer.away);
      after = answer.next;
    } while (after);
    $("failed-note").textContent = `${sent} sent again${left.length ? `; not ${left[0].source}: ${left[0].why}` : ""}`;
  } catch (e) {
    $("failed-note").textContent = e.message;
  }
  button.disabled = false;
}

async function showFailed(pipeline) {
  const name = state.pipeline;
  const kept = pipeline.status.streams.reduce((sum, s) => sum + (s.keptFailed?.kept ?? 0), 0);
  $("failed-section").hidden = !pipeline.document.spec.delivery?.keepFailed;
  if ($("failed-section").hidden) return;
  const page = kept ? await json(api(`/failed?limit=${FAILED_SHOWN}`)) : { items: [], away: [] };
  if (name !== state.pipeline) return;
  const rows = new Map();
  for (const item of page.items) {
    const key = `${item.source}/${item.seq}`;
    const shown = state.failed.get(key) ?? failedRow(item);
    shown.button.hidden = item.retriedAs != null;
    shown.away.hidden = item.retriedAs == null;
    rows.set(key, shown);
  }
  state.failed = rows;
  fill("failed", [...rows.values()].map((r) => r.row), 6, page.away.length ? page.away.map((a) => a.why).join("; ") : "None.");
  $("failed-title").textContent = `Failed elements that are kept${kept > page.items.length ? `: ${page.items.length} of ${kept.toLocaleString("en")}` : ""}`;
  $("retry-all").hidden = !page.items.length;
}

function select(name) {
  state.stop.abort();
  state.stop = new AbortController();
  state.pipeline = name;
  state.document = null;
  for (const map of [state.moves, state.routes, state.frames, state.failed]) map.clear();
  $("failed-section").hidden = true;
  $("failed-note").textContent = "";
  $("frames").replaceChildren(el("p", { class: "empty" }, "No kept frame has come yet. A pipeline keeps some with delivery: {keepFrames: 1/s}."));
  $("state").hidden = true;
  for (const id of ["routes", "decisions"]) $(id).replaceChildren();
  fill("ledger", [], 13, name ? "…" : "No pipeline is running. Submit one: POST /api/v1/pipelines");
  $("problems").hidden = $("pruned").hidden = true;
  if (!name) return;
  const signal = state.stop.signal;
  keepFollowing(api("/results/stream?frames=only"), signal, (event, result) => showFrame(result));
  keepFollowing(api("/events"), signal, async (event) => {
    if (event === "decision") await refreshDecisions(signal).catch(lost);
  });
}

async function refreshDecisions(signal) {
  const decisions = await json(api("/decisions?limit=20"));
  if (!signal.aborted) showDecisions(decisions.items);
}

async function keepFollowing(path, signal, onEvent) {
  while (!signal.aborted) {
    await follow(path, signal, onEvent).catch((e) => signal.aborted || lost(e));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function showPipelines(items) {
  const select_ = $("pipeline");
  const known = [...select_.options].map((o) => o.value).join();
  const now = items.map((p) => p.name).join();
  if (known !== now || !items.length) select_.replaceChildren(...(items.length ? items : [{ name: "" }]).map((p) => el("option", { value: p.name }, p.name || "none")));
  if (!items.some((p) => p.name === state.pipeline) && (state.pipeline || items.length || !state.updated)) select(items[0]?.name ?? "");
  select_.value = state.pipeline;
}

function lost(e) {
  if (e instanceof Refused && e.status === 401) {
    $("login").hidden = false;
    $("banner").hidden = true;
    return;
  }
  if (e instanceof Refused && e.status === 404) return; // deleted a moment ago; the next poll knows
  state.lostSince ??= new Date();
  $("banner").textContent = e instanceof Refused
    ? `The server answers with an error: ${e.message}`
    : `No connection to the server since ${state.lostSince.toLocaleTimeString("en-GB")}; trying again every second. What you see is old.`;
  $("banner").hidden = false;
  document.querySelector("main").classList.add("stale");
}

async function poll() {
  try {
    const [nodes, pipelines] = await Promise.all([json("/api/v1/nodes"), json("/api/v1/pipelines")]);
    showNodes(nodes.items);
    showPipelines(pipelines.items);
    if (state.pipeline) {
      const name = state.pipeline;
      const pipeline = await json(api());
      if (name === state.pipeline) {
        state.document = pipeline.document;
        $("state").textContent = pipeline.status.state;
        $("state").className = `badge ${tone(pipeline.status.state)}`;
        $("state").hidden = false;
        showStreams(pipeline.status);
        showPruned(pipeline.results);
        showRoutes(pipeline);
        await showFailed(pipeline);
      }
    }
    state.updated = Date.now();
    state.lostSince = null;
    $("banner").hidden = $("login").hidden = true;
    document.querySelector("main").classList.remove("stale");
    $("updated").textContent = `updated ${new Date().toLocaleTimeString("en-GB")}`;
  } catch (e) {
    lost(e);
  }
  setTimeout(poll, POLL_MS);
}

$("retry-all").addEventListener("click", () => retry($("retry-all"), { all: true }));
$("pipeline").addEventListener("change", (event) => select(event.target.value));
$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken($("token").value.trim());
  $("login").hidden = true;
});
poll();
