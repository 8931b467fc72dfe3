/* What the browser must do itself: keys, dialogs, digit entry, and keeping a form when saving fails. */
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const isShown = (element) => element.getClientRects().length > 0;

  // Keys. A person may turn single keys off (WCAG 2.1.4); that choice is all that is kept on the computer.
  const KEYS = "bhi-keys";
  const hasKeys = () => localStorage.getItem(KEYS) !== "off";
  const isTyping = (element) =>
    element.matches?.("input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select") ||
    element.isContentEditable;

  function moveRow(step) {
    const links = all("[data-rows] .row-link").filter(isShown);
    const row = document.activeElement.closest?.("[data-rows] tr, [data-rows] li");
    const at = links.findIndex((link) => link === document.activeElement || row?.contains(link));
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
    links[next]?.focus();
  }

  function pressKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat && event.key !== "j" && event.key !== "k") return;
    const isLetter = event.key.length === 1; // a function key types nothing: it works in the middle of a note
    if (answerItem(event) || isLetter && isTyping(event.target) || !hasKeys()) return;
    if (one("dialog[open]")) return;
    if (event.key === "j") return moveRow(1);
    if (event.key === "k") return moveRow(-1);
    const key = CSS.escape(event.key), row = event.target.closest?.("[data-rows] tr, [data-rows] li");
    const inRow = row && one(`[data-row-key="${key}"]`, row);
    const target = event.key === "/" ? one("#patient-search") : inRow ?? one(`[data-key="${key}"]`);
    if (!target) return;
    event.preventDefault();
    if (event.key === "/") target.focus();
    else target.click();
  }

  // Questionnaires: a digit answers the item that has the focus and goes to the next; Backspace goes back.
  const focusItem = (item) => (one("input:checked", item) ?? one("input", item)).focus();

  function answerItem(event) {
    const item = event.target.closest?.("[data-items] .item");
    if (!item) return false;
    const asked = () => all(".item", item.closest("[data-items]")).filter((each) => !each.hidden);
    const before = asked()[asked().indexOf(item) - 1];
    if (event.key === "Backspace" && before) {
      event.preventDefault();
      focusItem(before);
      return true;
    }
    if (!/^[0-9]$/.test(event.key)) return false;
    const answer = one(`input[value="${event.key}"]`, item);
    event.preventDefault();
    if (!answer) return true;
    answer.checked = true;
    answer.dispatchEvent(new Event("input", { bubbles: true }));
    answer.dispatchEvent(new Event("change", { bubbles: true }));
    const next = asked()[asked().indexOf(item) + 1]; // the answer may have ruled some out
    if (next) focusItem(next);
    else answer.focus();
    return true;
  }

  function sayTotal(fieldset) {
    const output = one("[data-items-total]", fieldset);
    const scored = all(".item:not([hidden], [data-unscored])", fieldset);
    const answers = scored.flatMap((item) => all("input:checked", item)).map((input) => Number(input.value));
    const total = answers.reduce((sum, value) => sum + value, 0);
    const count = scored.length;
    if (!output) return;
    if (answers.length === 0 && count > 0) output.textContent = "";
    else if (answers.length === count) output.textContent = `${output.dataset.name} ${total}`;
    else output.textContent = `${output.dataset.name} ${total} so far, ${answers.length} of ${count} answered`;
  }

  function valueOf(name) {
    const field = `[name="${CSS.escape(name)}"]:not(:disabled)`;
    const value = (one(`${field}:checked`) ?? one(`input${field}:not([type=radio], [type=checkbox])`))?.value;
    return value ? Number(value) : null;
  }

  const isAnyAboveZero = (names) => (names ?? "").split(" ").some((name) => name && valueOf(name) > 0);

  // A question ruled out by an earlier answer is neither shown nor sent; what was answered there comes back with it.
  function skipItems() {
    for (const item of all("[data-asked-if]")) {
      const name = item.dataset.askedIf;
      const isOut = one(`[name="${CSS.escape(name)}"]`)?.disabled;
      item.hidden = isOut || (valueOf(name) !== null && valueOf(name) < Number(item.dataset.askedAtLeast));
      for (const input of all("input", item)) input.disabled = item.hidden;
    }
  }

  function showWhatDepends() {
    skipItems();
    for (const part of all("[data-shown-above-zero]"))
      part.hidden = !isAnyAboveZero(part.dataset.shownAboveZero) || isAnyAboveZero(part.dataset.hiddenAboveZero);
  }

  // Forms: nothing typed is lost without being asked.
  const dirtyForm = () => one("form[data-guard][data-dirty]");
  let isSending = false;

  function noteChange(event) {
    event.target.closest("form[data-guard]")?.setAttribute("data-dirty", "");
    event.target.closest("form[data-draft]")?.setAttribute("data-draft-due", "");
    if (event.type === "change" && event.target.matches("[data-fills]")) fillIn(event.target);
    const fieldset = event.target.closest("[data-items]");
    if (event.type === "change" || fieldset) showWhatDepends();
    if (fieldset) sayTotal(fieldset);
    if (event.type === "change" && event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-keys-toggle]")) localStorage.setItem(KEYS, event.target.checked ? "on" : "off");
  }

  // A save that failed: the form stays, the banner says why, "Try again" sends it with a fresh token. A preview, a row
  // that is added and a search are posts, too, but save nothing: they neither say "Not saved" nor take it back.
  const SAVES = new Set(["post", "put", "patch", "delete"]);
  const saverOf = ({ requestConfig: asked }) => // not the event's own element, which may be what is to be swapped
    SAVES.has(asked?.verb) && asked.elt.matches("form:not([role=search])") ? asked.elt : null;
  const pathOf = (address) => new URL(address, location.href).pathname;
  let failed = null;

  function showFailure(kind, form) {
    const banner = one("#failure");
    failed = form;
    for (const part of all("[data-failure]", banner)) part.hidden = part.dataset.failure !== kind;
    one("[data-try-again]", banner).hidden = kind === "refused" || kind === "load";
    banner.hidden = false;
    banner.scrollIntoView({ block: "nearest" });
  }

  function hideFailure() {
    const banner = one("#failure");
    failed = null;
    if (banner) banner.hidden = true;
  }

  const isAway = (status) => status === 0 || (status >= 502 && status <= 504);
  const isPoll = (element) => element?.getAttribute?.("hx-trigger")?.startsWith("every");

  function requestFailed(event) {
    const { elt, xhr } = event.detail;
    const form = saverOf(event.detail);
    if (isPoll(elt) || failed && !form) return; // it asks again by itself; worse is said already
    if (!form) return showFailure("load", null);
    const status = xhr?.status ?? 0;
    if (isAway(status)) return showFailure("unreachable", form);
    if (status === 423) return showFailure("locked", form);
    if (status === 403 && xhr.responseText.includes("data-stale-token")) return showFailure("stale", form);
    showFailure(status >= 500 ? "fault" : "refused", form);
  }

  function beforeSwap(event) {
    const form = saverOf(event.detail);
    const { xhr } = event.detail;
    const signIn = document.body.dataset.signIn;
    if (!signIn || !xhr.responseURL || pathOf(xhr.responseURL) !== signIn || location.pathname === signIn) return;
    event.detail.shouldSwap = false; // signed out meanwhile: the sign-in page must not replace what was typed
    event.preventDefault();
    if (form) showFailure("signed-out", form);
    else if (!dirtyForm()) location.assign(`${signIn}?next=${encodeURIComponent(location.pathname)}`);
  }

  async function freshToken() {
    const { signIn, tokenPage } = document.body.dataset;
    const answer = await fetch(tokenPage, { credentials: "same-origin" });
    if (!answer.ok) return showFailure(isAway(answer.status) ? "unreachable" : "fault", failed);
    if (pathOf(answer.url) === signIn) return showFailure("signed-out", failed);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = one("[name=csrfmiddlewaretoken]", page)?.value;
    for (const input of all("[name=csrfmiddlewaretoken]")) input.value = token;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    return true;
  }

  async function tryAgain() {
    const form = failed;
    try {
      if (!(await freshToken())) return;
    } catch {
      return showFailure("unreachable", form);
    }
    hideFailure();
    form.requestSubmit();
  }

  function afterRequest(event) {
    const { successful, xhr } = event.detail;
    const form = saverOf(event.detail);
    isSending = false;
    if (!successful || xhr.status === 422 || failed && !form) return;
    form?.removeAttribute("data-dirty");
    hideFailure();
  }

  async function copyText(button) {
    await navigator.clipboard.writeText(one(button.dataset.copy).innerText);
    button.textContent = button.dataset.copied ?? "Copied";
  }

  function click(event) {
    const button = event.target.closest("button, a, [data-dialog-open]");
    const { dialogOpen, copy } = button?.dataset ?? {};
    if (dialogOpen) one(`#${CSS.escape(dialogOpen)}`)?.showModal();
    else if (copy) copyText(button);
    else if (button?.matches("[data-dialog-close]")) button.closest("dialog").close();
    else if (button?.matches("[data-print]")) window.print();
    else if (button?.matches("[data-dismiss]")) button.closest(".toast").remove();
    else if (button?.matches("[data-try-again]")) tryAgain();
    for (const open of all("details[open][data-light-dismiss]")) if (!open.contains(event.target)) open.open = false;
  }

  function escape(event) {
    if (event.key !== "Escape") return;
    const open = one("details[open][data-light-dismiss]");
    if (!open) return;
    open.open = false;
    one("summary", open).focus();
  }

  // On a phone the page of a patient that is open may be one of the last tabs.
  function showOpenTab() {
    for (const tabs of document.querySelectorAll(".tabs")) {
      const open = one("[aria-current]", tabs);
      if (open) tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;
    }
  }

  // In a session somebody else went on: with nothing unsaved here the page follows, else it is only said.
  function follow() {
    const link = one("a[data-follow]");
    if (link && !dirtyForm()) location.replace(link.href);
  }

  // What opens by a key takes the keys.
  function focusOpened(event) {
    if (event.target.open && event.target.matches?.("details[data-focus]")) one("input:not([type=hidden]), textarea, select", event.target)?.focus();
  }

  function settle() {
    follow();
    showWhatDepends();
    for (const fieldset of all("[data-items]")) sayTotal(fieldset);
    for (const box of all("[data-keys-toggle]")) box.checked = hasKeys();
    for (const part of all("[data-without-script]")) part.hidden = true;
  }

  // A template begins an empty text, and never replaces what is typed.
  function fillIn(select) {
    const text = one(`#${CSS.escape(select.dataset.fills)}`);
    const begun = select.selectedOptions[0]?.dataset.text;
    if (!begun || text.value.trim()) return;
    text.value = begun;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  }

  // A draft of an open form, kept on the server while it changes. Being signed out loses nothing: the form stays.
  async function keepDraft() {
    const form = one("form[data-draft][data-draft-due]");
    const said = one("[data-draft-said]");
    if (!form || isSending) return;
    form.removeAttribute("data-draft-due");
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "manual" });
      if (answer.status !== 204) throw new Error();
      const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      if (said) said.textContent = `Draft kept at ${at}. It counts no minutes until you save.`;
    } catch {
      form.setAttribute("data-draft-due", "");
      if (said) said.textContent = "The draft could not be kept just now. What you typed is still here.";
    }
  }
  setInterval(keepDraft, 10000);

  // A timer's length since the server's start; the computer's own clock may be wrong, so only differences count.
  function countUp() {
    for (const output of all("[data-since]")) {
      output.dataset.at ??= performance.now();
      const known = Date.parse(output.dataset.now) - Date.parse(output.dataset.since);
      const seconds = Math.max(0, Math.floor((known + performance.now() - output.dataset.at) / 1000));
      const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      output.textContent = (parts[0] ? parts : parts.slice(1)).map((part, at) => at ? String(part).padStart(2, "0") : part).join(":");
    }
  }
  setInterval(countUp, 1000);

  // A form that came back with faults: the first of them has the focus, also where it is far down the page.
  function focusFault(within) {
    if (within.contains(one("main"))) one(".field.has-error :is(input:not([type=hidden]), select, textarea)", within)?.focus();
  }

  document.addEventListener("keydown", escape);
  document.addEventListener("keydown", pressKey);
  document.addEventListener("click", click);
  document.addEventListener("toggle", focusOpened, true);
  document.addEventListener("input", noteChange);
  document.addEventListener("change", noteChange);
  document.addEventListener("submit", () => { isSending = true; });
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterRequest", afterRequest);
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, requestFailed);
  document.addEventListener("htmx:load", settle);
  document.addEventListener("htmx:load", (event) => { if (event.target.contains(one(".tabs"))) showOpenTab(); });
  document.addEventListener("htmx:load", (event) => focusFault(event.target));
  window.addEventListener("beforeunload", (event) => { if (!isSending && dirtyForm()) event.preventDefault(); });
  settle();
  showOpenTab();
  focusFault(document);
  countUp();
})();
