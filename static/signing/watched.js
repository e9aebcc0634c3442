// Comfort only: a page with a QR code changes by itself when a phone has opened the code, or has done what it is for.
// Without scripts the page refreshes itself.

import { watch } from "./watch.js";

const form = document.querySelector("form[data-watched]");

if (form) watch(form, form.dataset.watched);
