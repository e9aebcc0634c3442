// Comfort only: how a date, a phone number or an institution code is understood, said while it is typed.
// Without this file the same words appear after the round trip.

const PAUSE = 300; // milliseconds without a key before the server is asked
const OTHERS = ["prefecture", "table", "address"]; // answers on the same page that help to understand a code

function listen(line) {
  const input = document.getElementById(line.dataset.echoOf);
  const form = input?.form;
  if (!form) return;
  const shown = line.querySelector("[data-echo-shown]");
  const problem = line.querySelector("[data-echo-problem]");
  let timer;
  let asked;

  function draw(found, isFinished) {
    shown.hidden = !found.shown;
    shown.querySelector("[data-echo-text]").textContent = found.shown;
    // Half a date is not wrong yet: what cannot be read is said when the field is left.
    const isSaid = found.problem && (found.shown || isFinished);
    problem.hidden = !isSaid;
    problem.textContent = isSaid ? found.problem : "";
  }

  async function ask(isFinished) {
    clearTimeout(timer);
    asked?.abort();
    if (!input.value.trim()) return draw({ shown: "", problem: "" }, true);
    asked = new AbortController();
    const body = new URLSearchParams({ text: input.value });
    for (const name of OTHERS) {
      const other = form.elements.namedItem(name);
      if (other?.value) body.set(name, other.value);
    }
    const headers = { "X-CSRFToken": form.elements.namedItem("csrfmiddlewaretoken")?.value ?? "" };
    try {
      const response = await fetch(line.dataset.echo, { method: "POST", body, headers, signal: asked.signal });
      if (response.ok && !response.redirected) draw(await response.json(), isFinished);
    } catch {
      // Another key was pressed, or the line is down: the server says it after the round trip.
    }
  }

  input.addEventListener("input", () => {
    input.closest(".field").querySelector(".field-doubt")?.remove(); // it spoke of what stood there before
    clearTimeout(timer);
    timer = setTimeout(() => ask(false), PAUSE);
  });
  input.addEventListener("change", () => ask(true));
  for (const name of OTHERS) {
    const other = form.elements.namedItem(name);
    if (line.dataset.echo.includes("institution")) other?.addEventListener?.("change", () => ask(true));
  }
}

for (const line of document.querySelectorAll("[data-echo]")) listen(line);
