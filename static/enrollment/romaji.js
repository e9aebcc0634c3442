// Comfort only: the candidates appear while the kana are typed; without this file they appear after a round trip.

const box = document.querySelector("[data-romaji]");
const PARTS = ["family", "given"];

function fill(select, candidates) {
  const before = [...select.options].map((option) => option.value).join();
  if (before === candidates.join()) return false;
  select.replaceChildren(...candidates.map((text) => new Option(text, text)));
  return true;
}

async function refresh() {
  const query = new URLSearchParams();
  for (const part of PARTS) query.set(part, box.querySelector(`[name="${part}_kana"]`).value);
  const response = await fetch(`${box.dataset.romaji}?${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) return;
  const found = await response.json();
  let changed = false;
  for (const part of PARTS) {
    changed = fill(box.querySelector(`select[name="${part}_romaji"]`), found[part].candidates) || changed;
  }
  box.querySelector('[name="shown_for"]').value = PARTS.map((part) => found[part].kana).join("/");
  const status = box.querySelector("[data-romaji-status]");
  if (changed) status.textContent = status.dataset.text;
}

let timer;
for (const part of PARTS) {
  box?.querySelector(`[name="${part}_kana"]`)?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 300);
  });
}
