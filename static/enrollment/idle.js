// Two minutes before the session ends: a warning that extends it without the card (ST-21, WCAG 2.2.1).
// Several tabs share one session: before it warns, a tab asks the server how long the session still lasts, and a tab
// that was used tells the others. Without this file the page itself says until when.

const box = document.querySelector("[data-session]");
const dialog = document.querySelector("[data-session-dialog]");
const WARN = 120; // seconds
const SAID = [60, 30, 10]; // seconds left that are read aloud; more would talk over the person's own work
const channel = "BroadcastChannel" in window ? new BroadcastChannel("inkan-session") : null;
let end = 0;
let timer = 0;
let said = new Set();

const left = () => Math.max(0, Math.ceil((end - Date.now()) / 1000));
const part = (name) => dialog.querySelector(`[data-session-${name}]`);

function words(template, seconds) {
  const minutes = Math.floor(seconds / 60);
  return template.replace("{minutes}", minutes).replace("{seconds}", String(seconds % 60).padStart(2, "0"));
}

function lasts(seconds) {
  end = Date.now() + seconds * 1000;
  const until = new Date(end);
  const shown = `${String(until.getHours()).padStart(2, "0")}:${String(until.getMinutes()).padStart(2, "0")}`;
  for (const place of document.querySelectorAll("[data-session-until]")) place.textContent = shown;
  said = new Set();
  if (left() > WARN && dialog.open && !dialog.dataset.over) dialog.close();
  tick();
}

async function ask(method) {
  const token = dialog.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(box.dataset.session, { method, headers: { "X-CSRFToken": token }, cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).seconds;
}

async function tick() {
  clearTimeout(timer);
  const seconds = left();
  if (seconds > WARN) {
    timer = setTimeout(tick, Math.min(seconds - WARN, 60) * 1000);
    return;
  }
  if (!dialog.open) {
    // Another tab may have been used in the meantime; only the server knows.
    const real = await ask("GET").catch(() => seconds);
    if (real > WARN + 1) return lasts(real);
    end = Date.now() + real * 1000;
    if (!dialog.open) dialog.showModal();
    part("announce").textContent = "";
  }
  if (left() === 0) return over();
  part("count").textContent = words(part("count").dataset.template, left());
  const now = SAID.find((one) => left() <= one && !said.has(one));
  if (now) {
    for (const one of SAID) if (one >= now) said.add(one);
    part("announce").textContent = words(part("count").dataset.template, left());
  }
  timer = setTimeout(tick, 1000);
}

function over() {
  if (dialog.dataset.over) return;
  ask("GET")
    .catch(() => 0)
    .then((seconds) => {
      if (seconds > 0) return lasts(seconds);
      dialog.dataset.over = "yes";
      part("warning").hidden = true;
      part("ended").hidden = false;
      dialog.setAttribute("aria-labelledby", "session-ended-title");
      part("close").focus();
    });
}

async function extend() {
  try {
    const seconds = await ask("POST");
    if (seconds === 0) return over();
    channel?.postMessage(seconds);
    lasts(seconds);
  } catch {
    part("announce").textContent = part("announce").dataset.failed;
  }
}

if (box && dialog?.showModal) {
  part("extend").addEventListener("click", extend);
  part("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("cancel", (event) => {
    if (dialog.dataset.over) return;
    event.preventDefault();
    extend(); // Escape means: let me go on
  });
  channel?.addEventListener("message", (event) => lasts(Number(event.data)));
  channel?.postMessage(Number(box.dataset.seconds));
  document.addEventListener("visibilitychange", () => document.hidden || tick());
  lasts(Number(box.dataset.seconds));
}
