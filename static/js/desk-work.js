// While an officer works: answers of the checklist keep themselves, and an open page says that somebody is there.
// Without it the checklist's own button keeps them, and each act and look keeps the claim.

const token = () => document.querySelector("[name='csrfmiddlewaretoken']")?.value ?? "";

async function send(address, data) {
  data.set("csrfmiddlewaretoken", token());
  const headers = { Accept: "application/json" };
  const response = await fetch(address, { method: "POST", headers, body: new URLSearchParams(data) });
  if (response.redirected || !response.headers.get("Content-Type")?.startsWith("application/json")) throw new Error("lost");
  return { is_kept: response.ok, ...(await response.json()) };
}

// --- the checklist ------------------------------------------------------------------------------------------------
const sheet = document.querySelector("[data-sheet]");
const saved = document.querySelector("[data-saved]");
const why = document.querySelector("[data-why]");
const whole = document.querySelector("[data-when-whole]");
const unsaved = new Set();
let isSending = false;

function say(words) {
  if (saved) saved.textContent = words;
}

// Why the button cannot be pressed, and the line to go to.
function show(left) {
  if (whole) whole.disabled = left.length > 0;
  if (!why) return;
  why.hidden = left.length === 0;
  if (!left.length) return;
  const first = document.getElementById(`line-${left[0]}`);
  const link = why.querySelector("[data-first]");
  link.href = `#line-${left[0]}`;
  link.textContent = first?.querySelector("legend")?.textContent ?? left[0];
  why.querySelector("[data-count]").textContent = left.length > 1 ? why.dataset.many.replace("0", String(left.length)) : "";
}

// What follows from a line that failed stands in the return form, until the officer chooses something else.
function propose(line) {
  const [step, field, code] = (line.dataset.asks ?? "").split(":");
  const reason = document.querySelector(`[name="reason:${step}:${field}"]`);
  const note = document.querySelector(`[name="note:${step}:${field}"]`);
  if (!reason || !note || ![...reason.options].some((one) => one.value === code)) return;
  const has_failed = line.querySelector("input[value='fail']").checked;
  if (has_failed && (!reason.value || reason.dataset.proposed)) {
    reason.value = code;
    note.value = line.querySelector(".desk-note").value;
    reason.dataset.proposed = "yes";
  } else if (!has_failed && reason.dataset.proposed) {
    reason.value = note.value = "";
    delete reason.dataset.proposed;
  }
}

async function keep() {
  if (isSending || !unsaved.size) return;
  isSending = true;
  const lines = [...unsaved];
  let isKept = false;
  const all = new FormData(sheet);
  const data = new FormData();
  for (const line of lines) {
    data.set(`line-${line}`, all.get(`line-${line}`) ?? "");
    data.set(`note-${line}`, all.get(`note-${line}`) ?? "");
  }
  try {
    const told = await send(sheet.action, data);
    isKept = told.is_kept;
    if (isKept) for (const line of lines) if (all.get(`line-${line}`) === new FormData(sheet).get(`line-${line}`)) unsaved.delete(line);
    say(told.text);
    if (told.left) show(told.left);
  } catch {
    say(sheet.dataset.lostWords);
    isSending = false;
    return;
  }
  isSending = false;
  if (isKept && unsaved.size) setTimeout(keep, 300);
}

if (sheet) {
  sheet.querySelector("[data-keep]").parentElement.hidden = true;
  let timer;
  const changed = (event) => {
    const line = event.target.closest("[data-line]")?.dataset.line;
    if (!line) return;
    unsaved.add(line);
    propose(event.target.closest("[data-line]"));
    clearTimeout(timer);
    timer = setTimeout(keep, event.type === "input" && event.target.type !== "radio" ? 800 : 0);
  };
  sheet.addEventListener("change", changed);
  sheet.addEventListener("input", changed);
  sheet.addEventListener("submit", (event) => { event.preventDefault(); keep(); });
  window.addEventListener("online", keep);
  // What was answered before this file had come, and what a browser puts back into the page.
  for (const field of sheet.querySelectorAll("input[type='radio'], .desk-note")) {
    const isNew = field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
    if (isNew) unsaved.add(field.closest("[data-line]").dataset.line);
  }
  keep();
  // A decision takes with it what is not kept yet; leaving the page sends it.
  document.addEventListener("submit", (event) => {
    if (!event.target.closest("[data-decide]")) return; // signing out or another language takes nothing along
    const all = new FormData(sheet);
    for (const line of unsaved)
      for (const name of [`line-${line}`, `note-${line}`]) {
        const field = Object.assign(document.createElement("input"), { type: "hidden", name, value: all.get(name) ?? "" });
        event.target.append(field);
      }
    unsaved.clear(); // it goes with the decision, not once more behind it
  });
  window.addEventListener("pagehide", () => { if (unsaved.size) keep(); });
}

// --- somebody is there --------------------------------------------------------------------------------------------
const EVERY = 60_000; // ms; the server calls an officer silent after three minutes
const ASLEEP = 10 * 60_000; // a page that nobody has touched for so long is no sign of an officer
const beating = document.querySelector("[data-beat]");
let touched = Date.now();
for (const sign of ["keydown", "pointermove", "scroll", "wheel"]) addEventListener(sign, () => { touched = Date.now(); }, { passive: true });

function lost(words) {
  const box = document.querySelector("[data-lost]");
  if (!box || !words.length) return;
  box.textContent = words.join(" ");
  box.hidden = false;
}

async function beat() {
  if (document.hidden || Date.now() - touched > ASLEEP) return;
  const data = new FormData();
  if (beating.dataset.case) data.set("case", beating.dataset.case);
  try {
    const told = await send(beating.dataset.beat, data);
    lost([...told.lost, ...(beating.dataset.case && told.case ? [told.case] : [])]);
    if (beating.dataset.case && told.case) for (const button of document.querySelectorAll("[data-decide] button")) button.disabled = true;
  } catch {
    return; // the next beat asks again; an act that comes too late is told by the server
  }
}

if (beating) setInterval(beat, EVERY);
document.querySelector("[data-clash]")?.focus();
