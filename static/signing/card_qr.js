// Comfort only: the PC's page changes by itself when the phone has opened the QR code or is bound. Without scripts the
// page refreshes itself.

const EVERY = 2000; // milliseconds
const form = document.querySelector("form[data-card-qr]");

async function look() {
  let now = form.dataset;
  try {
    const answer = await fetch(form.dataset.cardQr, { headers: { Accept: "application/json" }, cache: "no-store" });
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

if (form) setTimeout(look, EVERY);
