// What a page with a QR code looks at: its state on the server, every two seconds, seldom where nobody sees the page.

const EVERY = 2000; // milliseconds

// Shows the page anew once the state or the number differs from what `form` says; `address` answers both as JSON.
export function watch(form, address) {
  async function look() {
    let now = form.dataset;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
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

  setTimeout(look, EVERY);
}
