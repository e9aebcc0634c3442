// Comfort only: the digits of a PIN shown and hidden; they are hidden again before they leave the page.

for (const box of document.querySelectorAll("[data-show-digits]")) {
  const button = box.querySelector("[data-show-button]");
  const inputs = [...box.querySelectorAll("input[type='password']")];
  if (!button || !inputs.length) continue;

  function show(isShown) {
    for (const input of inputs) input.type = isShown ? "text" : "password";
    button.textContent = isShown ? box.dataset.hide : box.dataset.show;
  }

  button.hidden = false;
  button.addEventListener("click", () => show(inputs[0].type === "password"));
  inputs[0].form.addEventListener("submit", () => show(false));
  window.addEventListener("pagehide", () => show(false));
}
