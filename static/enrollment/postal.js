// Comfort only: the address appears while its postal code is typed; without this file a button brings it.
// What a person typed is never overwritten unasked, and what was replaced comes back with one press.

const PAUSE = 300; // milliseconds without a key before the server is asked

function attend(box) {
  const form = box.closest("form");
  const code = form.elements.namedItem("postal_code");
  const address = form.elements.namedItem("address");
  const found = box.querySelector("[data-postal-found]");
  const button = box.querySelector("[data-postal-button]");
  if (!code || code.disabled || address?.disabled) return;
  if (button) button.hidden = true; // the address comes by itself
  let ours = ""; // what stands in the field because we put it there
  let timer;
  let asked;

  function put(text) {
    address.value = text;
    ours = text;
    address.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function ask() {
    clearTimeout(timer);
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams({ text: code.value, ours });
    if (address) body.set("address", address.value);
    else body.set("beside", "card");
    const headers = { "X-CSRFToken": form.elements.namedItem("csrfmiddlewaretoken")?.value ?? "" };
    try {
      const response = await fetch(box.dataset.postal, { method: "POST", body, headers, signal: asked.signal });
      if (!response.ok || response.redirected) return;
      const told = await response.json();
      // Another key may have been pressed in the address meanwhile: what was typed there stays.
      if (told.put && address && address.value === body.get("address")) put(told.put);
      found.innerHTML = told.html;
    } catch (problem) {
      // The line is down: the button asks with the whole page, as without this file.
      if (problem.name !== "AbortError" && button) button.hidden = false;
    }
  }

  code.addEventListener("input", () => {
    code.closest(".field").querySelector(".field-doubt")?.remove(); // it spoke of what stood there before
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  found.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-address]");
    if (!pressed || !address) return;
    event.preventDefault();
    const former = address.value;
    put(pressed.dataset.address);
    if (former.trim() && former !== address.value) {
      pressed.value = `back:${former}`;
      pressed.textContent = box.dataset.undo;
      pressed.dataset.address = former;
      found.replaceChildren(pressed);
    } else {
      ask();
    }
    address.focus();
    address.setSelectionRange(address.value.length, address.value.length);
  });
}

for (const box of document.querySelectorAll("[data-postal]")) attend(box);
