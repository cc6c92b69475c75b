// Draws a kept frame and the boxes that stages found on it.

const COLOURS = ["#ffb000", "#4cc9f0", "#7ae582", "#ff6b9d", "#c792ea", "#ff8c42"];

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

export function draw(canvas, bitmap, boxes) {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const g = canvas.getContext("2d");
  g.drawImage(bitmap, 0, 0);
  const unit = Math.max(1, bitmap.width / 480);
  g.lineWidth = 2 * unit;
  g.font = `600 ${Math.round(12 * unit)}px system-ui, "DejaVu Sans", sans-serif`;
  g.textBaseline = "middle";
  for (const box of boxes) {
    const x = box.x * bitmap.width;
    const y = box.y * bitmap.height;
    g.strokeStyle = g.fillStyle = colour(box.label);
    g.strokeRect(x, y, box.width * bitmap.width, box.height * bitmap.height);
    const text = [box.label, box.track ? `#${box.track}` : "", box.score ? box.score.toFixed(2) : ""].filter(Boolean).join(" ");
    if (!text) continue;
    const height = 17 * unit;
    const top = y >= height ? y - height : y;
    g.fillRect(x - unit, top, g.measureText(text).width + 9 * unit, height);
    g.fillStyle = "#000";
    g.fillText(text, x + 3.5 * unit, top + height / 2);
  }
}
