// The desk's comfort: documents that turn and grow, and a key for what is done a hundred times a day. Pages work without it.

const STEP = 1.25;

// A viewer: <figure class="viewer" data-viewer> with <div class="viewer-stage"><img></div> and buttons data-do="in|out|fit|left|right".
function viewer(box) {
  const stage = box.querySelector(".viewer-stage");
  const picture = stage?.querySelector("img");
  if (!picture) return null;
  let zoom = 1;
  let turn = 0;

  function draw() {
    const sideways = turn % 180 !== 0;
    stage.toggleAttribute("data-zoomed", zoom > 1);
    picture.style.rotate = `${turn}deg`;
    if (zoom > 1) {
      picture.style.width = `${stage.clientWidth * zoom}px`;
      picture.style.scale = "";
    } else {
      picture.style.width = "";
      const fit = sideways ? Math.min(1, stage.clientHeight / picture.clientWidth, stage.clientWidth / picture.clientHeight) : 1;
      picture.style.scale = fit === 1 ? "" : `${fit}`;
    }
  }

  const acts = {
    in: () => { zoom = Math.min(8, zoom * STEP); },
    out: () => { zoom = Math.max(1, zoom / STEP); },
    fit: () => { zoom = 1; turn = 0; },
    left: () => { turn = (turn + 270) % 360; },
    right: () => { turn = (turn + 90) % 360; },
  };
  const act = (name) => { acts[name]?.(); draw(); };

  box.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button) act(button.dataset.do);
  });
  stage.addEventListener("pointerdown", (down) => {
    if (zoom <= 1) return;
    down.preventDefault();
    stage.setPointerCapture(down.pointerId);
    const from = { x: down.clientX + stage.scrollLeft, y: down.clientY + stage.scrollTop };
    const move = (event) => stage.scrollTo(from.x - event.clientX, from.y - event.clientY);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", () => stage.removeEventListener("pointermove", move), { once: true });
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
const rows = [...document.querySelectorAll(".desk-check")];
let row = -1;

function toRow(number) {
  if (!rows.length) return;
  rows[row]?.removeAttribute("data-now");
  row = Math.max(0, Math.min(rows.length - 1, number));
  rows[row].setAttribute("data-now", "");
  rows[row].scrollIntoView({ block: "nearest" });
}

function answer(number) {
  const choice = rows[row]?.querySelectorAll("input[type='radio']")[number - 1];
  if (!choice || choice.disabled) return;
  choice.click();
  toRow(row + 1);
}

for (const [number, each] of rows.entries()) each.addEventListener("focusin", () => toRow(number));

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
