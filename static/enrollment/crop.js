// Comfort: the picture is moved and made larger under a frame that stands still. Without this module the buttons ask the server to draw it anew.
// The frame is told to the server in pixels of the turned original; the server decides again.

import Cropper from "../cropperjs/cropper.esm.js";

const AROUND = 0.14; // of the frame: how much of the picture outside it is seen, as on the drawn preview
const STEP = 0.04; // of the frame, for one press
const GROWTH = 1.08;
const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "bigger", ";": "bigger", "=": "bigger", "-": "smaller" };
const MOVES = { left: [1, 0], right: [-1, 0], up: [0, 1], down: [0, -1] }; // the frame to the left is the picture to the right

const box = document.querySelector("[data-crop]");
const stage = box?.querySelector("[data-crop-stage]");
const picture = box?.querySelector("[data-crop-picture]");
const size = box?.querySelector("[data-crop-size]");
const forms = [box?.querySelector("[data-crop-moves]"), document.querySelector("[data-crop-keep]")];

let cropper = null;

const field = (name) => Number(forms[0].elements[name].value);
// Pixels of the loaded copy for one pixel of the original.
const share = () => picture.naturalWidth / Number(box.dataset.across);

function frameOnStage() {
  const [width, height] = [stage.clientWidth / (1 + 2 * AROUND), stage.clientHeight / (1 + 2 * AROUND)];
  return { left: (stage.clientWidth - width) / 2, top: (stage.clientHeight - height) / 2, width, height };
}

function place() {
  const frame = frameOnStage();
  const scale = frame.width / field("width"); // of the stage's pixels for one of the original
  const wanted = {
    left: frame.left - field("left") * scale,
    top: frame.top - field("top") * scale,
    width: Number(box.dataset.across) * scale,
    height: Number(box.dataset.down) * scale,
  };
  // The frame must lie in the picture and the picture must cover the frame: each gives way once.
  cropper.setCanvasData(wanted);
  cropper.setCropBoxData(frame);
  cropper.setCanvasData(wanted);
}

function told() {
  const found = cropper.getData();
  const least = Number(box.dataset.leastWidth);
  const frame = {
    left: Math.max(0, Math.round(found.x / share())),
    top: Math.max(0, Math.round(found.y / share())),
    width: Math.max(least, Math.round(found.width / share())),
  };
  for (const form of forms) {
    for (const [name, value] of Object.entries(frame)) form.elements[name].value = value;
  }
  const words = frame.width <= least ? size.dataset.least : size.dataset.words;
  const height = Math.round((frame.width * 531) / 413);
  size.textContent = words.replace("%(height)s", height).replace("%(width)s", frame.width);
}

// No further than to 413 pixels of the original in the frame (PH-04).
function limit(event) {
  const most = cropper.getCropBoxData().width / (Number(box.dataset.leastWidth) * share());
  if (event.detail.ratio <= most * 1.0001) return;
  event.preventDefault();
  if (event.detail.oldRatio < most * 0.999) zoom(most);
}

function zoom(ratio) {
  cropper.zoomTo(ratio, { x: stage.clientWidth / 2, y: stage.clientHeight / 2 });
}

function press(name) {
  const canvas = cropper.getCanvasData();
  const frame = cropper.getCropBoxData();
  if (name in MOVES) cropper.move(MOVES[name][0] * frame.width * STEP, MOVES[name][1] * frame.height * STEP);
  else zoom((canvas.width / canvas.naturalWidth) * (name === "bigger" ? GROWTH : 1 / GROWTH));
}

function listen() {
  picture.addEventListener("crop", told);
  picture.addEventListener("zoom", limit);
  stage.addEventListener("keydown", (event) => {
    const name = KEYS[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    press(name);
  });
  // Only the pinch of a touch pad, which comes as a wheel with Ctrl: an ordinary wheel goes on scrolling the page.
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    press(event.deltaY < 0 ? "bigger" : "smaller");
  }, { passive: false });
  forms[0].addEventListener("submit", (event) => {
    const name = event.submitter?.value;
    if (!name || name === "turn") return; // a turned picture comes from the server
    event.preventDefault();
    press(name);
  });
}

function start() {
  stage.hidden = false;
  box.querySelector("[data-crop-drawn]").remove();
  for (const button of forms[0].querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  cropper = new Cropper(picture, {
    viewMode: 1,
    dragMode: "move",
    aspectRatio: 413 / 531,
    autoCropArea: 0.1,
    background: false, // its pattern is a data: address, which the Content-Security-Policy refuses
    checkCrossOrigin: false,
    checkOrientation: false, // the copy is upright and has no metadata
    guides: false,
    center: false,
    highlight: false,
    cropBoxMovable: false,
    cropBoxResizable: false,
    toggleDragModeOnDblclick: false,
    zoomOnWheel: false,
    minContainerWidth: 40,
    minContainerHeight: 40,
    ready() {
      place();
      listen();
      told();
      box.dataset.ready = "";
    },
  });
}

if (box) {
  picture.addEventListener("load", start, { once: true });
  picture.src = box.dataset.whole;
}
