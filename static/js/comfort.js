// Comfort only: every page works without this file.

// The error summary is heard and seen first; its links put the cursor into the control they name.
const summary = document.querySelector("[data-focus]");
summary?.focus({ preventScroll: false });
summary?.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const control = link && document.getElementById(link.hash.slice(1));
  if (!control) return;
  event.preventDefault();
  (control.closest(".field") ?? control).scrollIntoView({ block: "start" });
  control.focus({ preventScroll: true });
});

// Copying a number: the button shows itself only where the browser can copy.
for (const box of document.querySelectorAll("[data-copy]")) {
  const button = box.querySelector("[data-copy-button]");
  if (!button || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("[data-copy-value]").textContent.trim());
    box.querySelector("[data-copy-status]").textContent = button.dataset.copied;
    button.firstChild.textContent = button.dataset.copied;
  });
}

// The chosen picture at once, drawn on a canvas (a blob: address would need a looser Content-Security-Policy).
async function preview(input, place) {
  place.replaceChildren();
  place.hidden = true;
  const file = input.files[0];
  if (!file) return;
  const words = document.createElement("p");
  words.textContent = `${(file.size / 1024 / 1024).toFixed(1)} MB`;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const canvas = document.createElement("canvas");
    const scale = Math.min(1, 320 / Math.max(picture.width, picture.height));
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    words.textContent += `、${picture.width} × ${picture.height}`;
    place.append(canvas);
  } catch {
    // Not a picture this browser can draw (PDF, HEIC): the name and size are enough; the server says the rest.
  }
  place.append(words);
  place.hidden = false;
}

// Where the file is also sent at once, enrollment/upload.js does this.
for (const box of document.querySelectorAll("[data-upload]:not([data-file-area] *)")) {
  const input = box.querySelector("input[type='file']");
  const place = box.querySelector("[data-upload-preview]");
  const face = box.querySelector("[data-upload-face]");
  if (!input || !place) continue;
  if (face) {
    face.hidden = false;
    box.querySelector(".upload-control").classList.add("upload-dressed");
  }
  input.addEventListener("change", () => {
    if (face && input.files[0]) face.querySelector("[data-upload-name]").textContent = input.files[0].name;
    preview(input, place);
  });
}

// A button pressed twice sends once.
for (const form of document.querySelectorAll("form[method='post']")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    // After every other listener: a form that another module keeps back (WebAuthn) has not been sent.
    setTimeout(() => {
      if (event.defaultPrevented) return;
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 4000);
    });
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
