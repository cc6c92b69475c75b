// Draws a kept frame and what stages found on it.

const COLOURS = ["#ffb000", "#4cc9f0", "#7ae582", "#ff6b9d", "#c792ea", "#ff8c42"];
const REGION = "#4cc9f0";
const VEIL = 120; // of 255: how much a mask covers
const MAX_CELLS = 1 << 24; // of a mask
const SEEN = 0.3; // points with a lower score may be hidden, or outside of the frame

function colour(label) {
  let hash = 0;
  for (const c of label) hash = (hash * 31 + c.charCodeAt(0)) >>> 0;
  return COLOURS[hash % COLOURS.length];
}

/**
 * The boxes to draw: where a later stage refines the boxes of an earlier one (a tracker those of a
 * detector), only the later ones. `stages` are the stages of the pipeline's document.
 */
export function boxesOf(outputs, stages) {
  const after = new Map(stages.map((s) => [s.id, s.after ?? []]));
  const refined = new Set();
  const mark = (id) => (after.get(id) ?? []).forEach((before) => {
    if (!refined.has(before)) {
      refined.add(before);
      mark(before);
    }
  });
  const found = Object.entries(outputs).filter(([, media]) => media.type === "boxes");
  found.forEach(([stage]) => mark(stage));
  return found
    .filter(([stage]) => !refined.has(stage))
    .flatMap(([, media]) => media.boxes)
    .filter((box) => box.frame === 0);
}

/** All that is to be drawn on the first frame, by its kind. Notes are attributes with the box they belong to. */
export function marksOf(outputs, stages) {
  const of = (type) => Object.values(outputs).filter((media) => media.type === type);
  const first = (type) => of(type).flatMap((media) => media[type]).filter((each) => each.frame === 0);
  return {
    boxes: boxesOf(outputs, stages),
    tracks: of("tracks").flatMap((media) => media.tracks),
    masks: first("masks").filter((mask) => mask.runs && mask.columns * mask.rows <= MAX_CELLS),
    regions: first("regions"),
    poses: of("keypoints").flatMap((media) =>
      media.keypoints.filter((pose) => pose.frame === 0).map((pose) => ({ ...pose, bones: media.bones }))),
    notes: of("attributes").flatMap((media) => media.attributes).flatMap((attribute) => {
      const box = outputs[attribute.of]?.boxes?.[attribute.box];
      return box && box.frame === 0 ? [{ ...attribute, box }] : [];
    }),
  };
}

export function draw(canvas, bitmap, { boxes, tracks, masks, regions, poses, notes }) {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const g = canvas.getContext("2d");
  g.drawImage(bitmap, 0, 0);
  const unit = Math.max(1, bitmap.width / 480);
  const at = (point) => [point.x * bitmap.width, point.y * bitmap.height];
  g.lineWidth = 2 * unit;
  g.lineJoin = "round";
  g.font = `600 ${Math.round(12 * unit)}px system-ui, "DejaVu Sans", sans-serif`;
  g.textBaseline = "middle";
  const height = 17 * unit;
  /** Black on what is the fill. */
  const words = (text, x, top) => {
    g.fillRect(x - unit, top, g.measureText(text).width + 9 * unit, height);
    const fill = g.fillStyle;
    g.fillStyle = "#000";
    g.fillText(text, x + 3.5 * unit, top + height / 2);
    g.fillStyle = fill;
  };
  const above = (y) => (y >= height ? y - height : y);

  for (const mask of masks)
    g.drawImage(tint(mask), mask.x * bitmap.width, mask.y * bitmap.height, mask.width * bitmap.width, mask.height * bitmap.height);
  for (const track of tracks) {
    g.strokeStyle = colour(track.label);
    path(g, track.points.map(at));
    g.stroke();
  }
  for (const region of regions) {
    const corners = region.corners.map(([x, y]) => at({ x, y }));
    g.strokeStyle = g.fillStyle = REGION;
    path(g, corners);
    g.closePath();
    g.stroke();
    if (region.text)
      words(region.text, Math.min(...corners.map(([x]) => x)), above(Math.min(...corners.map(([, y]) => y))));
  }
  for (const box of boxes) {
    const [x, y] = at(box);
    g.strokeStyle = g.fillStyle = colour(box.label);
    g.strokeRect(x, y, box.width * bitmap.width, box.height * bitmap.height);
    const text = [box.label, box.track ? `#${box.track}` : "", box.score ? box.score.toFixed(2) : ""].filter(Boolean).join(" ");
    if (text) words(text, x, above(y));
  }
  for (const pose of poses) {
    const seen = new Map(pose.points.filter((point) => point.score >= SEEN).map((point) => [point.name, at(point)]));
    g.strokeStyle = g.fillStyle = colour(pose.label);
    for (const [from, to] of pose.bones)
      if (seen.has(from) && seen.has(to)) {
        path(g, [seen.get(from), seen.get(to)]);
        g.stroke();
      }
    for (const [x, y] of seen.values()) {
      g.beginPath();
      g.arc(x, y, 2.5 * unit, 0, 2 * Math.PI);
      g.fill();
    }
  }
  const lines = new Map(); // of each box
  for (const { name, value, box } of notes) {
    const line = lines.get(box) ?? 0;
    lines.set(box, line + 1);
    g.fillStyle = colour(box.label);
    const below = (box.y + box.height) * bitmap.height;
    words(`${name} ${value}`, box.x * bitmap.width, Math.min(below, bitmap.height - height) + line * height);
  }
}

function path(g, points) {
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
}

/** A picture with a pixel for each cell of a mask: those inside have its colour. */
function tint(mask) {
  const canvas = document.createElement("canvas");
  canvas.width = mask.columns;
  canvas.height = mask.rows;
  const g = canvas.getContext("2d");
  const image = g.createImageData(mask.columns, mask.rows);
  const cells = new Uint32Array(image.data.buffer);
  const [r, green, b] = [1, 3, 5].map((i) => parseInt(colour(mask.label).slice(i, i + 2), 16));
  const inside = ((VEIL << 24) | (b << 16) | (green << 8) | r) >>> 0; // browsers run on little-endian machines
  let at = 0;
  mask.runs.forEach((run, i) => {
    if (i % 2) cells.fill(inside, at, at + run);
    at += run;
  });
  g.putImageData(image, 0, 0);
  return canvas;
}
