// Comfort only: the PC's page goes on by itself when the phone has read the card; without this file a button does.

const EVERY = 2000; // milliseconds
const form = document.querySelector("form[data-qr]");
const status = form?.querySelector("[data-qr-status]");
let shown = form?.dataset.state;

async function look() {
  let state = shown;
  try {
    const answer = await fetch(form.dataset.qr, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.ok) state = (await answer.json()).state;
  } catch {
    // The line is away for a moment: the next look will tell.
  }
  if (state === "answered") {
    status.textContent = status.dataset.answered;
    form.requestSubmit();
    return;
  }
  if (state === "refused" || state === "expired" || state === "done") {
    location.reload();
    return;
  }
  if (state === "picked" && shown !== "picked") status.textContent = status.dataset.picked;
  shown = state;
  setTimeout(look, document.hidden ? 3 * EVERY : EVERY);
}

if (form) look();
