// Comfort only: the PC's page changes by itself when the phone has opened the QR code or is bound. Without scripts the
// page refreshes itself.

import { watch } from "./watch.js";

const form = document.querySelector("form[data-card-qr]");

if (form) watch(form, form.dataset.cardQr);
