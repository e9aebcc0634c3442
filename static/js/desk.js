// The desk's comfort: documents that turn and grow, and a key for what is done a hundred times a day. Pages work without it.

const STEP = 1.25;

// A viewer: <figure class="viewer" data-viewer> with <div class="viewer-stage"><img></div> and buttons data-do="in|out|fit|left|right".
// The picture starts at fit; dragging or the arrow keys move it.
function viewer(box) {
  const stage = box.querySelector(".viewer-stage");
  const picture = stage?.querySelector("img");
  if (!picture) return null;
  let zoom, turn, x, y;

  function draw() {
    const [wide, high] = [stage.clientWidth / (picture.naturalWidth || 1), stage.clientHeight / (picture.naturalHeight || 1)];
    const [across, down] = [stage.clientWidth / (picture.naturalHeight || 1), stage.clientHeight / (picture.naturalWidth || 1)];
    const fit = turn % 180 ? Math.min(across, down) / Math.min(wide, high) : 1;
    stage.toggleAttribute("data-zoomed", zoom > 1);
    picture.style.transform = `translate(${x}px, ${y}px) rotate(${turn}deg) scale(${fit * zoom})`;
  }

  function move(dx, dy) {
    const [most, tall] = [(stage.clientWidth * (zoom - 1)) / 2, (stage.clientHeight * (zoom - 1)) / 2];
    x = Math.max(-most, Math.min(most, x + dx));
    y = Math.max(-tall, Math.min(tall, y + dy));
    draw();
  }

  const acts = {
    in: () => { zoom = Math.min(8, zoom * STEP); },
    out: () => { zoom = Math.max(1, zoom / STEP); },
    fit: () => { [zoom, turn, x, y] = [1, 0, 0, 0]; },
    left: () => { turn -= 90; },
    right: () => { turn += 90; },
  };
  const act = (name) => { acts[name]?.(); move(0, 0); };
  acts.fit();

  box.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button) act(button.dataset.do);
  });
  stage.addEventListener("pointermove", (event) => {
    if (event.buttons === 1 && zoom > 1) move(event.movementX, event.movementY);
  });
  stage.addEventListener("pointerdown", (event) => {
    if (zoom > 1) { event.preventDefault(); stage.setPointerCapture(event.pointerId); stage.focus(); }
  });
  return { box, act, move, isZoomed: () => zoom > 1 };
}

const viewers = [...document.querySelectorAll("[data-viewer]")].map(viewer).filter(Boolean);
let seen = 0;
const ARROWS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const VIEWER_KEYS = { "+": "in", ";": "in", "-": "out", "0": "fit", r: "right", R: "left" };

function toDocument(number, moves = true) {
  if (!viewers.length) return;
  viewers[seen].box.removeAttribute("data-now");
  seen = (number + viewers.length) % viewers.length;
  viewers[seen].box.setAttribute("data-now", "");
  if (moves && !viewers[seen].box.hidden) viewers[seen].box.scrollIntoView({ block: "nearest" });
}

function nextDocument(by) {
  toDocument(seen + by);
  viewers[seen]?.box.querySelector("button")?.focus({ preventScroll: true });
}

// Two documents beside each other: the face and the ID, then the ID and the licence, then all again.
const PAIRS = [null, ["photo", "identity"], ["identity", "licence_front"]];
const pairButton = document.querySelector("[data-pair]");
let pair = 0;
pairButton?.removeAttribute("hidden");
pairButton?.addEventListener("click", () => {
  pair = (pair + 1) % PAIRS.length;
  for (const each of document.querySelectorAll(".desk-viewers > *")) each.hidden = pair > 0 && !PAIRS[pair].includes(each.dataset.slot);
  document.querySelector("[data-viewers]").classList.toggle("desk-viewers-pair", pair > 0);
  pairButton.setAttribute("aria-pressed", String(pair > 0));
  for (const each of viewers) each.act("fit");
});

// The checklist: j and k move between rows, 1 2 3 answer the row one is on.
const rows = () => [...document.querySelectorAll(".desk-check")].filter((each) => each.checkVisibility());
let row = -1;

// In one column the paper stands far below its question: what has the focus stays in view.
const isBeside = () => matchMedia("(min-width: 64em)").matches;

function toRow(number, moves = true) {
  const seenRows = rows();
  if (!seenRows.length) return;
  for (const each of seenRows) each.removeAttribute("data-now");
  row = Math.max(0, Math.min(seenRows.length - 1, number));
  seenRows[row].setAttribute("data-now", "");
  const line = seenRows[row].closest(".desk-line") ?? seenRows[row];
  if (moves) for (const part of [line, seenRows[row]]) part.scrollIntoView({ block: "nearest" }); // a long line: its answer
  const paper = viewers.findIndex((each) => line.dataset.slot && each.box.dataset.slot === line.dataset.slot);
  if (paper >= 0 && paper !== seen) toDocument(paper, moves && isBeside());
}

// The worklist: j and k move between cases, v ticks one.
const cases = [...document.querySelectorAll("#result_list tbody tr")];
const here = () => cases.findIndex((each) => each.contains(document.activeElement));
const toCase = (number) => cases[Math.max(0, Math.min(cases.length - 1, number))]?.querySelector("th a")?.focus();
const tick = () => cases[here()]?.querySelector("input[type='checkbox']")?.click();

function answer(number) {
  const choice = rows()[row]?.querySelectorAll("input[type='radio']")[number - 1];
  if (!choice || choice.disabled) return;
  choice.click();
  toRow(row + 1);
}

// What is pressed with a finger or a mouse gets the focus before it is let go: nothing moves under it meanwhile.
let isPressed = false;
for (const [sign, is] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]])
  addEventListener(sign, () => { isPressed = is; }, { capture: true, passive: true });

document.addEventListener("focusin", (event) => {
  const found = rows().indexOf(event.target.closest(".desk-check"));
  if (found >= 0) toRow(found, !isPressed);
});

// One decision panel at a time.
for (const panel of document.querySelectorAll(".desk-ask")) {
  panel.addEventListener("toggle", () => {
    if (!panel.open) return;
    panel.querySelector("form :is(input:not([type='hidden']), select, textarea, button)")?.focus();
    for (const other of document.querySelectorAll(".desk-ask[open]")) if (other !== panel) other.open = false;
  });
}

// The undo counts down and goes when its time is over: <… data-seconds="10"> with <b data-left>10</b>.
for (const box of document.querySelectorAll("[data-seconds]")) {
  const end = performance.now() + Number(box.dataset.seconds) * 1000;
  const left = box.querySelector("[data-left]");
  const beat = setInterval(() => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    if (left && seconds > 0) left.textContent = String(seconds);
    if (seconds > 0) return;
    clearInterval(beat);
    box.remove();
  }, 250);
}

// Escape leaves a note or a panel; nothing that was typed is lost.
function leave(target) {
  const panel = target.closest(".desk-ask[open]");
  if (panel) {
    panel.open = false;
    panel.querySelector("summary").focus();
  } else if (target.matches("input, textarea, select")) target.blur();
}

const keys = document.getElementById("desk-keys");

function press(key) {
  if (key === "?") return keys?.showModal();
  if (cases.length && key === "j") return toCase(here() + 1);
  if (cases.length && key === "k") return toCase(here() - 1);
  if (cases.length && key === "v") return tick();
  if (key === "j") return toRow(row + 1);
  if (key === "k") return toRow(row - 1);
  if (key === "m" && row >= 0) return rows()[row]?.querySelector(".desk-note")?.focus();
  if (/^[1-3]$/.test(key) && row >= 0) return answer(Number(key));
  if (viewers.length && key === "]") return nextDocument(1);
  if (viewers.length && key === "[") return nextDocument(-1);
  if (viewers.length && key in VIEWER_KEYS) return viewers[seen]?.act(VIEWER_KEYS[key]);
  // Any link or button of the page may name its key: data-key="n".
  const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (named?.disabled) return document.querySelector("[data-first]")?.click(); // the line that stands in the way
  if (named?.matches("input")) return named.focus();
  named?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.ctrlKey && event.key === "Enter") return event.target.closest(".desk-ask form, .desk-say")?.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return leave(event.target);
  if (event.target.closest("textarea, select, input:not([type='radio'], [type='checkbox'])")) return;
  if (event.key in ARROWS && viewers[seen]?.isZoomed() && !event.target.matches("input")) {
    event.preventDefault();
    return viewers[seen].move(...ARROWS[event.key]);
  }
  if (event.key === "/" || event.key === "?") event.preventDefault();
  press(event.key);
});
