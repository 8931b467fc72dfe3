/* Passkeys, the locked screen, and times on the reader's own clock. */
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Passkeys. What the server sends and wants is base64url where the browser has bytes.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  const hasPasskeys = () => Boolean(window.PublicKeyCredential && navigator.credentials);

  function common(credential, response) {
    return {
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment ?? null,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  }

  async function create({ publicKey }) {
    const selection = { ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
    const user = { ...publicKey.user, id: bytes(publicKey.user.id) };
    const asked = { ...publicKey, user, challenge: bytes(publicKey.challenge), authenticatorSelection: selection, excludeCredentials: known(publicKey.excludeCredentials) };
    const made = await navigator.credentials.create({ publicKey: asked });
    return common(made, {
      clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    });
  }

  async function get({ publicKey }) {
    const asked = { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: known(publicKey.allowCredentials) };
    const given = await navigator.credentials.get({ publicKey: asked });
    const { clientDataJSON, authenticatorData, signature, userHandle } = given.response;
    return common(given, {
      clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    });
  }

  async function credentialOf({ passkeyCreate, passkeyGet, passkeyAsk }) {
    if (passkeyCreate) return create(JSON.parse(passkeyCreate));
    if (passkeyGet) return get(JSON.parse(passkeyGet));
    const answer = await fetch(passkeyAsk, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return get((await answer.json()).request_options);
  }

  async function usePasskey(form) {
    const error = one("[data-passkey-error]", form);
    if (error) error.hidden = true;
    try {
      form.elements[form.dataset.passkeyField].value = JSON.stringify(await credentialOf(form.dataset));
    } catch {
      if (error) error.hidden = false; // given up, timed out, or none there
      return;
    }
    form.requestSubmit();
  }

  function onOwnClock(time) {
    const shown = time.dataset.localTime === "day" ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
    return new Date(time.dateTime).toLocaleString("en-US", shown).replace(/\s([AP]M)$/, (_, half) => ` ${half.toLowerCase()}`);
  }

  function settle(within) {
    for (const button of all("[data-passkey-button]", within)) button.hidden = !hasPasskeys();
    for (const said of all("[data-passkey-missing]", within)) said.hidden = hasPasskeys();
    for (const time of all("time[data-local-time]", within))
      time.textContent = onOwnClock(time);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-passkey-button]");
    if (button) usePasskey(button.form);
  });
  document.addEventListener("htmx:load", (event) => settle(event.target));
  settle(document);

  // The locked screen. The server decides when; the page asks it when that may be, and covers itself.
  const { sessionState, sessionHere, sessionPerson, unlock, signIn } = document.body.dataset;
  if (!sessionState || one("[data-unlock-page]")) return;
  const WARN = 120, ASK_AGAIN = 30, SAY_HERE = 120;
  const soon = () => one("#session-soon"), locked = () => one("#session-locked"); // a page that is swapped brings others
  let timer = null, wasUsed = false, saidAt = 0;

  const tokenOf = () => one("[name=csrfmiddlewaretoken]")?.value ?? JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";

  function later(seconds) {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(1, seconds) * 1000);
  }

  async function look() {
    try {
      const answer = await fetch(sessionState, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (new URL(answer.url).pathname === signIn) return cover(true);
      const state = await answer.json();
      if (state.person !== sessionPerson) return cover(true); // somebody else, in another tab: not their page
      if (state.is_locked) return cover(false);
      if (locked().open) uncover(); // signed in again in another tab
      if (state.seconds_left > WARN) soon().close();
      if (wasUsed) await sayHere("");
      else if (state.seconds_left <= WARN && !soon().open) soon().showModal();
      later(state.seconds_left > WARN ? Math.min(state.seconds_left - WARN, 600) : state.seconds_left + 1);
    } catch {
      later(ASK_AGAIN); // no connection: asked again
    }
  }

  // Who types or clicks in a page that sends nothing is there all the same. Said every two minutes at most.
  async function sayHere(onCall) {
    wasUsed = false;
    saidAt = Date.now();
    const body = new FormData();
    body.set("csrfmiddlewaretoken", tokenOf());
    body.set("on_call", onCall);
    await fetch(sessionHere, { method: "POST", body, credentials: "same-origin" });
  }

  function used() {
    if (soon().open || locked().open) return;
    wasUsed = true;
    if (Date.now() - saidAt > SAY_HERE * 1000) sayHere("").then(look, () => later(ASK_AGAIN));
  }

  // Over the page, which is hidden but stays as it is, with everything typed.
  async function cover(isOver) {
    soon().close();
    document.body.classList.add("is-locked");
    one("[data-session-over]", locked()).hidden = !isOver;
    one("[data-session-locked]", locked()).hidden = isOver;
    if (!locked().open) locked().showModal();
    if (!isOver) await showForm(await fetch(unlock, { headers: { "X-Over-Page": "1" }, credentials: "same-origin" }));
  }

  async function showForm(answer) {
    if (new URL(answer.url).pathname === signIn) return cover(true);
    const place = one("[data-session-form]", locked());
    place.replaceChildren(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form"));
    settle(place);
    one("input:not([type=hidden])", place)?.focus();
  }

  async function send(form) {
    const answer = await fetch(unlock, { method: "POST", body: new FormData(form), headers: { "X-Over-Page": "1" }, credentials: "same-origin" });
    if (answer.status !== 204) return showForm(answer);
    uncover();
    later(ASK_AGAIN);
  }

  function uncover() {
    one("[data-session-form]", locked()).replaceChildren();
    document.body.classList.remove("is-locked");
    locked().close();
    saidAt = Date.now();
  }

  function press({ target }) {
    const is = (name) => target.closest?.(`[${name}]`);
    if (is("data-session-again")) return look();
    if (!is("data-session-stay") && !is("data-session-call")) return;
    soon().close();
    sayHere(is("data-session-call") ? "1" : "").then(look, () => later(ASK_AGAIN));
  }

  document.addEventListener("click", press);
  document.addEventListener("cancel", (event) => { if (event.target === locked()) event.preventDefault(); }, true); // Escape
  document.addEventListener("close", (event) => { if (event.target === locked() && document.body.classList.contains("is-locked")) locked().showModal(); }, true);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-unlock-form]")) return;
    event.preventDefault();
    send(event.target).catch(() => {});
  });
  // Signed in again in another tab: what is typed here is still here.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  document.addEventListener("htmx:beforeRequest", (event) => { if (locked().open) event.preventDefault(); });
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 423) cover(false); });
  for (const name of ["keydown", "pointerdown"]) document.addEventListener(name, used, { passive: true });
  saidAt = Date.now();
  later(Number(document.body.dataset.sessionSeconds) - WARN);
})();
