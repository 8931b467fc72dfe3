// What every page must keep, asked of the page itself. Returns what breaks it, as text that finds the element again.
() => {
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const tell = (rule, element) => faults.push(`${rule}: ${element.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const text = (id) => document.getElementById(id)?.textContent.trim() ?? "";
  const nameOf = (element) =>
    (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).map(text).join(" ").trim() ||
    element.getAttribute("aria-label")?.trim() ||
    [...(element.labels ?? [])].map((label) => label.textContent.trim()).join(" ") ||
    (/^(A|BUTTON|SUMMARY)$/.test(element.tagName) ? element.textContent.trim() : "") ||
    element.querySelector?.("img[alt]:not([alt=''])")?.alt || "";

  if (!document.documentElement.lang) faults.push("the page says no language");
  if (!document.title.replace("· BHI", "").trim()) faults.push("the page has no title");
  if (all("main").length !== 1) faults.push(`${all("main").length} main landmarks`);

  const headings = all("h1, h2, h3, h4, h5, h6").filter(isShown);
  const levels = headings.map((heading) => Number(heading.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) faults.push(`${levels.filter((l) => l === 1).length} h1`);
  headings.forEach((heading, place) => {
    if (!heading.textContent.trim()) tell("a heading without words", heading);
    if (place && levels[place] > levels[place - 1] + 1) tell("a heading that skips a level", heading);
  });

  for (const field of all("input:not([type=hidden]), select, textarea")) if (!nameOf(field)) tell("a field without a label", field);
  for (const control of all("a[href], button, summary").filter(isShown)) if (!nameOf(control)) tell("a control without a name", control);
  for (const image of all("img:not([alt])")) tell("an image without alt", image);
  for (const drawing of all("svg").filter(isShown)) {
    const isNamed = drawing.getAttribute("role") === "img" && (nameOf(drawing) || drawing.querySelector("title"));
    if (!isNamed && !drawing.closest("[aria-hidden=true]")) tell("a drawing neither named nor hidden", drawing);
  }
  for (const table of all("table").filter(isShown)) {
    if (!table.caption && !table.getAttribute("aria-label") && !table.closest("section, figure")) tell("a table without a name", table);
  }
  for (const cell of all("th:not([scope])")) tell("a header cell without scope", cell);
  for (const group of all("fieldset")) if (!group.querySelector("legend") && !nameOf(group)) tell("a group without a legend", group);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) tell("a tab order of its own", element);
  if (all("nav").filter(isShown).length > 1) for (const nav of all("nav").filter(isShown)) if (!nameOf(nav)) tell("one of several navs without a name", nav);

  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((one, place) => ids.indexOf(one) !== place))) faults.push(`two elements are #${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/).filter(Boolean)) if (!document.getElementById(id)) tell(`${attribute} names nothing`, element);
    }
  }

  // Such a field stands in the way of the form's own property of that name, which scripts read.
  for (const field of all("[name]")) {
    const hides = field.name === "form" || (field.name !== "name" && field.name in HTMLFormElement.prototype);
    if (field.form && hides) tell("a field that hides a part of its form", field);
  }

  for (const element of all("[style]")) tell("a style of its own", element);

  // WCAG 2.2, 2.5.8: at least 24 px, but for links within sentences.
  for (const control of all("button, select, summary, input:not([type=hidden], [type=radio], [type=checkbox])").filter(isShown)) {
    const { width, height } = control.getBoundingClientRect();
    if (Math.min(width, height) < 23.5 && width > 1) tell(`a target of ${width.toFixed(0)} × ${height.toFixed(0)}`, control);
  }
  // What sticks out at this width; the elements are told so that the failure names them.
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth > window.innerWidth) {
    faults.push(`sticks out: ${document.scrollingElement.scrollWidth} wide`);
    const wide = all("body *").filter((element) => element.getBoundingClientRect().right > width + 1);
    for (const element of wide.slice(0, 5)) tell("sticks out", element);
  }
  return faults;
}
