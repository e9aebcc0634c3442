// Comfort only: the page that shows the QR code changes by itself when a phone has opened it, and goes on when the phone
// has proved its owner. Without scripts the page refreshes itself and a button goes on.

import { watch } from "./watch.js";

const form = document.querySelector("form[data-sign-in-qr]");

function goOn() {
  const button = form.querySelector("button[value='take']");
  if (button) form.requestSubmit(button);
}

if (form?.dataset.state === "proved") goOn();
else if (form) watch(form, form.dataset.signInQr);
