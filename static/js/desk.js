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
  stage.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (by && zoom > 1) { event.preventDefault(); move(...by); }
  });
  return { box, act };
}

const viewers = [...document.querySelectorAll("[data-viewer]")].map(viewer).filter(Boolean);
let seen = 0;
const VIEWER_KEYS = { "+": "in", ";": "in", "-": "out", "0": "fit", r: "right", R: "left" };

function nextDocument(by) {
  if (!viewers.length) return;
  seen = (seen + by + viewers.length) % viewers.length;
  viewers[seen].box.scrollIntoView({ block: "nearest" });
  viewers[seen].box.querySelector("button")?.focus({ preventScroll: true });
}

// The checklist: j and k move between rows, 1 2 3 answer the row one is on.
const rows = () => [...document.querySelectorAll(".desk-check")].filter((each) => each.checkVisibility());
let row = -1;

function toRow(number) {
  const seenRows = rows();
  if (!seenRows.length) return;
  for (const each of seenRows) each.removeAttribute("data-now");
  row = Math.max(0, Math.min(seenRows.length - 1, number));
  seenRows[row].setAttribute("data-now", "");
  seenRows[row].scrollIntoView({ block: "nearest" });
}

function answer(number) {
  const choice = rows()[row]?.querySelectorAll("input[type='radio']")[number - 1];
  if (!choice || choice.disabled) return;
  choice.click();
  toRow(row + 1);
}

document.addEventListener("focusin", (event) => {
  const found = rows().indexOf(event.target.closest(".desk-check"));
  if (found >= 0) toRow(found);
});

// One decision panel at a time.
for (const panel of document.querySelectorAll(".desk-ask")) {
  panel.addEventListener("toggle", () => {
    if (!panel.open) return;
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

const keys = document.getElementById("desk-keys");

function press(key) {
  if (key === "?") return keys?.showModal();
  if (key === "j") return toRow(row + 1);
  if (key === "k") return toRow(row - 1);
  if (/^[1-3]$/.test(key) && row >= 0) return answer(Number(key));
  if (key === "]") return nextDocument(1);
  if (key === "[") return nextDocument(-1);
  if (key in VIEWER_KEYS) return viewers[seen]?.act(VIEWER_KEYS[key]);
  // Any link or button of the page may name its key: data-key="n".
  const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (named && !named.disabled) named.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.closest("textarea, select, input:not([type='radio'], [type='checkbox'])")) return;
  press(event.key);
});
