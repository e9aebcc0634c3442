// The one script that the product needs: only a script can ask a phone's authenticator.
// It fills the form's hidden fields and sends the form; every answer, good or bad, is a page of the server.

const LONGEST_WAIT = 120_000; // without any authenticator a browser may never answer (ux.md section 5.2)

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Safari before 18.4 knows neither parse…FromJSON nor toJSON.
function creation(options) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map((each) => ({ ...each, id: bytes(each.id) })),
  };
}

function request(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map((each) => ({ ...each, id: bytes(each.id) })),
  };
}

function asJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const given = credential.response;
  const response = { clientDataJSON: text(given.clientDataJSON) };
  if (given.attestationObject) {
    response.attestationObject = text(given.attestationObject);
    response.transports = given.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(given.authenticatorData);
    response.signature = text(given.signature);
    if (given.userHandle) response.userHandle = text(given.userHandle);
  }
  const { id, type, authenticatorAttachment } = credential;
  return { id, rawId: id, type, response, clientExtensionResults: {}, ...(authenticatorAttachment && { authenticatorAttachment }) };
}

function named(name) {
  return Object.assign(new Error(name), { name });
}

async function ask(kind, options, signal) {
  if (!window.PublicKeyCredential || !navigator.credentials) throw named("Unsupported");
  if (kind === "get") return navigator.credentials.get({ publicKey: request(options), signal });
  if (!(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) throw named("NoBiometrics");
  return navigator.credentials.create({ publicKey: creation(options), signal });
}

for (const form of document.querySelectorAll("form[data-webauthn]")) {
  form.addEventListener("submit", async (event) => {
    // A typed 本人ID other than the one the options were made for: the server makes new options first.
    const typed = form.elements.person_id?.value.trim() ?? "";
    if (typed !== (form.dataset.person ?? "")) return;
    event.preventDefault();
    const status = form.querySelector("[data-webauthn-status]");
    const button = form.querySelector("button[type='submit']");
    if (status) status.textContent = status.dataset.waiting;
    if (button) button.disabled = true;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), LONGEST_WAIT);
    try {
      const answer = await ask(form.dataset.webauthn, JSON.parse(form.dataset.options), abort.signal);
      form.elements.credential.value = JSON.stringify(asJson(answer));
    } catch (problem) {
      form.elements.error.value = problem?.name || "Unknown";
    } finally {
      clearTimeout(timer);
    }
    form.submit();
  });
}
