// Comfort only: the page that shows the QR code changes by itself when a phone has opened it, and goes on when the phone
// has proved its owner. Without scripts the page refreshes itself and a button goes on.

const EVERY = 2000; // milliseconds
const form = document.querySelector("form[data-sign-in-qr]");

function goOn() {
  const button = form.querySelector("button[value='take']");
  if (button) form.requestSubmit(button);
}

async function look() {
  let now = form.dataset;
  try {
    const answer = await fetch(form.dataset.signInQr, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.ok || answer.status === 404) now = await answer.json();
  } catch {
    // The line is away for a moment: the next look will tell.
  }
  if (now.state !== form.dataset.state || String(now.number ?? "") !== String(form.dataset.number)) {
    location.replace(location.pathname);
    return;
  }
  setTimeout(look, document.hidden ? 3 * EVERY : EVERY);
}

if (form?.dataset.state === "proved") goOn();
else if (form) setTimeout(look, EVERY);
