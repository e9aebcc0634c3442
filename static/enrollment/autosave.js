// Comfort only: what is typed is kept while it is typed; without this file it is kept when a button is pressed.
// The server keeps it as unfinished, under the version of the page: another tab's answer is never overwritten.

const form = document.querySelector("form[data-autosave]");
const line = form?.querySelector("[data-autosave-line]");
const QUIET = 1500; // ms after the last key
const PATIENCE = 3000; // ms that a pressed button waits for what is on its way

let timer;
let onItsWay;
let isOver = false; // another tab, or an end of the session: the next button decides

function typed() {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  data.set("autosave", "1");
  return data;
}

function say(text) {
  if (line.textContent !== text) line.textContent = text;
}

async function keep() {
  timer = undefined;
  if (isOver) return;
  try {
    const response = await fetch(location.href, { method: "POST", body: new URLSearchParams(typed()) });
    if (response.redirected) {
      isOver = true;
      return say(form.dataset.autosaveEnded);
    }
    if (!response.ok) throw new Error(String(response.status));
    const told = await response.json();
    form.elements.version.value = told.version;
    isOver = told.state !== "saved";
    say(told.text);
  } catch {
    say(form.dataset.autosaveLost);
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    onItsWay = Promise.resolve(onItsWay).then(keep);
  }, QUIET);
}

if (form && line) {
  form.addEventListener("input", (event) => event.target.type !== "file" && soon());
  form.addEventListener("change", (event) => event.target.type !== "file" && soon());
  // A button pressed while something is on its way waits for it, so that it speaks of the same version.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    isOver = true;
    if (!onItsWay || form.dataset.waited) return;
    event.preventDefault();
    form.dataset.waited = "yes";
    const late = new Promise((done) => setTimeout(done, PATIENCE));
    // Later than this event: a browser ignores what asks to submit while the first submission is being told about.
    Promise.race([onItsWay, late]).then(() => setTimeout(() => form.requestSubmit(event.submitter)));
  });
  // Back out of the browser's memory: the page goes on keeping what is typed.
  window.addEventListener("pageshow", () => {
    isOver = false;
    delete form.dataset.waited;
  });
  // A phone that is put away in mid-word.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || timer === undefined) return;
    clearTimeout(timer);
    onItsWay = Promise.resolve(onItsWay).then(keep);
  });
}
