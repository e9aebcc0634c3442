// Comfort only: candidates, hints and the card's print appear while one types; without this file after a round trip.

const box = document.querySelector("[data-romaji]");
const PARTS = ["family", "given"];
const PAUSE = 300; // ms
const chosen = new Set(); // pull-downs in which the person chose an entry
let timer;
let asking;

const field = (name) => box.querySelector(`[name="${name}"]:not([type="radio"])`);
const isAsked = (control) => Boolean(control?.getClientRects().length);
const typed = (name) => (isAsked(field(name)) ? field(name).value : "");
const FORMS = { family: /^[A-Z]+$/, given: /^[A-Z][a-z]*$/ }; // RJ-35

// A choice of the person's that still fits is kept; otherwise the first entry is selected (RJ-30).
function fill(part, candidates) {
  const select = field(`${part}_romaji`);
  const before = [...select.options].map((option) => option.value).filter(Boolean);
  if (before.join() === candidates.join()) return false;
  const kept = chosen.has(part) && candidates.includes(select.value) ? select.value : candidates[0];
  select.replaceChildren(...(candidates.length ? candidates.map((text) => new Option(text, text)) : [new Option(box.dataset.noList, "")]));
  select.value = kept ?? "";
  if (!candidates.includes(kept)) chosen.delete(part);
  return candidates.length > 0;
}

function put(place, hint) {
  const button = (offer) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "submit", name: "take", value: offer.take, className: "button button-small" });
    made.textContent = offer.label;
    return made;
  };
  const line = (name, ...content) => {
    const made = document.createElement("p");
    made.className = name;
    made.append(...content);
    return made;
  };
  const lines = [];
  if (hint.text) lines.push(line("hint-text", hint.text));
  if (hint.offers.length) lines.push(line("hint-offers", ...hint.offers.map(button)));
  const said = lines.map((one) => one.outerHTML).join("");
  if (place.dataset.said === said) return;
  place.dataset.said = said;
  place.replaceChildren(...lines);
}

function draw() {
  const face = box.querySelector("[data-face]");
  if (!face) return;
  const kind = box.querySelector('[name="kind"]:checked')?.value;
  const by = field("manual").checked ? "typed" : "romaji";
  const romaji = PARTS.map((part) => typed(`${part}_${by}`).normalize("NFKC").trim()).filter((text, place) => FORMS[PARTS[place]].test(text)).join(" ");
  const set = (name, text) => (face.querySelector(`[data-face-${name}]`).textContent = text);
  if (!box.querySelector('[name="kind"]')) {
    set("romaji", romaji || "—");
    if (field("printed_name")) set("name", field("printed_name").value.trim());
    return;
  }
  const isNamed = kind === "alias" || kind === "former";
  const held = isNamed && field(`${kind}_from_card`).checked ? box.dataset[kind] : "";
  const kanji = held || PARTS.map((part) => typed(`${part}_kanji`).trim()).filter(Boolean).join("\u3000");
  face.querySelector("[data-face-other-row]").hidden = !isNamed || !(kanji || romaji);
  set("other", isNamed ? kanji : "");
  set("other-romaji", isNamed ? romaji : "");
}

async function refresh() {
  const said = new URLSearchParams();
  said.set("csrfmiddlewaretoken", box.closest("form").querySelector('[name="csrfmiddlewaretoken"]').value);
  for (const place of box.querySelectorAll("[data-hint]")) said.set(place.dataset.hint, typed(place.dataset.hint));
  asking?.abort(); // an older answer must not overwrite a newer one
  asking = new AbortController();
  let found;
  try {
    const answer = await fetch(box.dataset.romaji, { method: "POST", body: said, signal: asking.signal });
    if (!answer.ok || answer.redirected) return;
    found = await answer.json();
  } catch {
    return; // the round trip says the same
  }
  let changed = false;
  for (const part of PARTS) changed = fill(part, found[part].candidates) || changed;
  field("shown_for").value = PARTS.map((part) => found[part].kana).join("/");
  for (const place of box.querySelectorAll("[data-hint]")) put(place, found.hints[place.dataset.hint]);
  const status = box.querySelector("[data-romaji-status]");
  status.textContent = changed ? `${status.dataset.text}（${PARTS.map((part) => field(`${part}_romaji`).value).filter(Boolean).join(" ")}）` : "";
  draw();
}

box?.addEventListener("input", (event) => {
  const name = event.target.name;
  if (name?.endsWith("_romaji")) chosen.add(name.replace("_romaji", ""));
  if (name === "manual" && !event.target.checked) for (const part of PARTS) field(`${part}_typed`).value = ""; // RJ-34
  draw();
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
});

// One tap on an offered value, without leaving the page; where the server refused, it is the server that says it is cured.
box?.addEventListener("click", (event) => {
  const button = event.target.closest('button[name="take"]');
  const [name] = button?.value.split(":", 1) ?? [];
  const control = name && field(name);
  if (!control || control.closest(".field-wrong")) return;
  event.preventDefault();
  control.value = button.value.slice(name.length + 1);
  control.focus();
  control.dispatchEvent(new Event("input", { bubbles: true }));
});
if (box) draw();
