// Comfort only: while the card is being read, the page says so (ST-27); the next page says that it is done.

const place = document.querySelector("[data-reading]");
place?.closest("form").addEventListener("submit", (event) => {
  if (event.submitter?.value === "read") place.textContent = place.dataset.reading;
});
window.addEventListener("pageshow", () => place && (place.textContent = ""));
