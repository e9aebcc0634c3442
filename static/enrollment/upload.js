// Comfort: a chosen file is checked here, sent at once with its progress, and the part of the page about files is drawn anew by the server.
// Without this module the file goes with the form; either way the server decides.

import { kindOf, shrunk, sidesOf, thumbnail } from "./pictures.js";

const area = document.querySelector("[data-file-area]");
const form = area?.closest("form");
const said = document.querySelector("[data-file-said]");
const words = JSON.parse(area?.dataset.words ?? "{}"); // in the page's language; %(name)s is filled in here
const CAN_BE_MADE = new Set(["file_size", "heic"]); // what a picture redrawn by the browser would cure
const LARGEST_REDRAWN = 40 * 1024 * 1024;

let sending = null; // the request under way
let waiting = null; // the button that was pressed meanwhile

function word(name, values = {}) {
  const text = words[name] ?? "";
  return Object.entries(values).reduce((found, [key, value]) => found.replace(`%(${key})s`, value), text);
}

function say(text) {
  said.textContent = text;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(text, className, act) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);

// --- the controls ----------------------------------------------------------------------------------------------

// The real control lies unseen on a drawn one that speaks the page's language.
function dress() {
  for (const control of area.querySelectorAll(".upload-control")) {
    control.querySelector("[data-upload-face]").hidden = false;
    control.classList.add("upload-dressed");
  }
}

// The place under the controls: the picture at once, and what happens to it.
function place() {
  const found = area.querySelector("[data-upload-preview]");
  found.replaceChildren();
  found.hidden = false;
  return found;
}

function wrong(code, text, file) {
  const box = place();
  box.append(refusal(`${word("error")}${text}`));
  const blank = document.querySelector("template[data-summary-blank]").content.cloneNode(true);
  blank.querySelector("[data-summary-text]").textContent = text;
  summarise(blank);
  if (CAN_BE_MADE.has(code) && file.size < LARGEST_REDRAWN) offerRedrawn(box, code, file);
  for (const input of area.querySelectorAll("input[type='file']")) input.value = "";
}

function refusal(text) {
  const line = element("div", "field-error");
  const words = element("p", "");
  const sign = document.querySelector("template[data-summary-blank]").content.querySelector("svg");
  if (sign) words.append(sign.cloneNode(true));
  words.append(element("span", "", text));
  line.append(words);
  return line;
}

// Only where this browser can really draw the file (Safari also draws HEIC).
async function offerRedrawn(box, code, file) {
  const made = await shrunk(file, Number(area.dataset.mostBytes));
  if (!made || !box.isConnected) return;
  box.append(button(word(code === "heic" ? "convert" : "shrink"), "button button-small", () => send(made)));
}

// --- before sending --------------------------------------------------------------------------------------------

// What can be seen without the server: [code, sentence], or null.
async function trouble(file) {
  if (!file.size) return ["file_empty", word("file_empty")];
  const kind = await kindOf(file);
  if (kind === "heic") return ["heic", word("heic")];
  if (!area.dataset.kinds.split(" ").includes(kind)) return ["file_type", word("file_type")];
  if (file.size > Number(area.dataset.mostBytes)) return ["file_size", word("file_size", { size: megabytes(file.size) })];
  const [width, height] = (area.dataset.least ?? "0 0").split(" ").map(Number);
  const sides = width ? await sidesOf(file) : null;
  if (sides && (sides.width < width || sides.height < height)) return ["photo_pixels", word("photo_pixels", sides)];
  return null;
}

async function chosen(file) {
  const found = await trouble(file);
  if (found) wrong(found[0], found[1], file);
  else send(file);
}

// --- sending ---------------------------------------------------------------------------------------------------

function body(fill) {
  const data = new FormData();
  data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  fill(data);
  return data;
}

function send(file) {
  const box = place();
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", word("sending"));
  const state = element("p", "upload-sending", `${word("sending")}（${megabytes(file.size)}MB）`);
  const steps = element("div", "upload-steps");
  steps.append(state, bar, button(word("cancel"), "button button-small", () => sending?.abort()));
  box.append(steps);
  thumbnail(file).then((picture) => picture && box.isConnected && box.prepend(picture));
  say(word("sending"));
  post(body((data) => data.set("file", file, file.name)), {
    progress(share) {
      bar.value = share;
      state.textContent = share < 100 ? `${word("sending")}（${share}%）` : word("sent");
      if (share === 100) bar.removeAttribute("value");
    },
    failed: (name) => failed(name, file),
  });
}

function failed(name, file) {
  const box = place();
  const line = refusal(word(name));
  line.setAttribute("role", "alert");
  box.append(line);
  if (file) box.append(button(word("again"), "button button-small", () => send(file)));
}

function post(data, { progress = () => {}, failed: whenFailed }) {
  const request = new XMLHttpRequest();
  sending = request;
  const end = (name) => {
    sending = waiting = null;
    whenFailed(name);
  };
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) progress(Math.round((event.loaded / event.total) * 100));
  });
  request.addEventListener("abort", () => end("cancelled"));
  request.addEventListener("error", () => end("lost"));
  request.addEventListener("load", () => {
    if (request.getResponseHeader("X-Inkan-Part") === "file") return arrived(request.responseText);
    if (request.responseURL.includes("/sign-in/")) return end("ended");
    if (request.status >= 500 || request.status === 408) return end("lost");
    location.reload(); // the application has moved on: the page itself says how
  });
  request.open("POST", area.dataset.fileArea);
  request.send(data);
}

// --- the server's answer ---------------------------------------------------------------------------------------

function arrived(text) {
  sending = null;
  area.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  dress();
  const part = area.querySelector("[data-file-part]");
  summarise(part.querySelector("template[data-summary]")?.content.cloneNode(true));
  if ("refused" in part.dataset) {
    waiting = null;
    return;
  }
  const isFilled = fill(part.dataset.recorded);
  const name = area.querySelector(".hints") ? "hinted" : "saved";
  say(isFilled ? `${word(name)}${word("filled")}` : word(name));
  const pressed = waiting;
  waiting = null;
  if (pressed) form.requestSubmit(pressed);
  else area.querySelector("[data-kept]")?.focus({ preventScroll: true });
}

// The error summary stands where the page itself would put it, and takes the focus.
function summarise(summary) {
  const main = document.getElementById("main");
  const mark = word("error");
  main.querySelector(".error-summary")?.remove();
  document.title = document.title.replace(mark, "");
  if (!summary) return;
  document.title = mark + document.title;
  main.querySelector("h1").before(summary);
  main.querySelector(".error-summary").focus();
}

// The day of shooting that the photo itself records (PH-07), where none has been typed.
function fill(day) {
  const input = form.elements.taken_on;
  if (!day || !input || input.disabled || input.value.trim()) return false;
  input.value = day;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

// --- listening -------------------------------------------------------------------------------------------------

function start() {
  dress();
  area.addEventListener("change", (event) => {
    const file = event.target.matches("input[type='file']") && event.target.files[0];
    if (file && !sending) chosen(file);
  });
  area.addEventListener("click", (event) => {
    const again = event.target.closest("[data-choose]");
    const act = event.target.closest("button[name='act']");
    if (again) {
      event.preventDefault();
      document.getElementById("id_file").click();
    } else if (act) {
      event.preventDefault();
      if (!sending) post(body((data) => data.set("act", act.value)), { failed: (name) => failed(name, null) });
    }
  });
  // "Next" while a file is on its way waits for it; a file that could not be sent at once goes with the form.
  form.addEventListener(
    "submit",
    (event) => {
      if (!sending) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = event.submitter;
      say(word("busy"));
      const state = area.querySelector(".upload-sending");
      if (state) state.textContent = word("busy");
    },
    true,
  );
}

if (area && form) start();
