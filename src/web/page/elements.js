// SPDX-License-Identifier: Apache-2.0
// What the page is made of.

// Names from the machine come in as strings and become text nodes or attributes, never markup.
function make(space, tag, parts) {
  const [name, kind] = tag.split(".");
  const element = document.createElementNS(space, name);
  const attributes = parts[0]?.constructor === Object ? parts.shift() : {};
  for (const [key, value] of Object.entries({ class: kind, ...attributes }))
    if (value !== undefined) element.setAttribute(key, value);
  element.append(...parts.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return element;
}

// h("p.soft", { title: "an attribute" }, "text", otherElement, [more])
export const h = (tag, ...parts) => make("http://www.w3.org/1999/xhtml", tag, parts);
export const svg = (tag, ...parts) => make("http://www.w3.org/2000/svg", tag, parts);

const keyed = (node) => node?.dataset?.key;

// Makes an element like another one and changes only what differs: focus, selection and scroll
// position outlive an update. What has a key stays the same element when others come before it.
export function become(old, wanted) {
  for (const { name } of [...old.attributes])
    if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const nodes = [...wanted.childNodes];
  const keys = new Set(nodes.map(keyed));
  for (const node of [...old.childNodes]) if (keyed(node) && !keys.has(keyed(node))) node.remove();
  nodes.forEach((node, i) => {
    const at = old.childNodes[i];
    if (!at) old.append(node);
    else if (keyed(at) !== keyed(node)) old.insertBefore(node, at);
    else if (at.nodeName !== node.nodeName) at.replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) at.data === node.data || (at.data = node.data);
    else become(at, node);
  });
  while (old.childNodes.length > nodes.length) old.lastChild.remove();
}

export const part = (title, ...content) =>
  h("section", { "data-key": title }, h("h3", title), content);
export const soft = (...text) => h("span.soft", text);
export const words = (...texts) => texts.filter(Boolean).join(" · ");
export const runbook = (anchor, text) =>
  h("a", { href: "./runbook#" + encodeURIComponent(anchor) }, (text ?? `What to do: ${anchor}`).replace(/ /g, "\u00a0"));

// A name that may be longer than its place: lines end between its words.
export const breakable = (name) =>
  name
    .split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[_.:@=])/)
    .flatMap((word, i) => (i ? [h("wbr"), word] : word));

// One grammar with the dashboards: a colour and a sign for each verdict.
const SIGNS = { __proto__: null, good: "✓", bad: "✗", warn: "!", plain: "–", given: "→", old: "–" };
export const sign = (kind, text) => `${SIGNS[kind]} ${text}`;
export const mark = (kind, text) => h("span", { class: "mark " + kind }, sign(kind, text).replace(" ", "\u00a0"));

// What is rarely read. It stays open over updates, and is closed in the next visit.
export const opened = new Set();
export const details = (key, summary, ...content) =>
  h(
    "details",
    { "data-key": key, open: opened.has(key) ? "" : undefined },
    h("summary", summary),
    content,
  );

// A head that begins with # is of a column of numbers.
export function table(label, heads, rows) {
  const cell = (tag, content, i, more) =>
    h(heads[i].startsWith("#") ? tag + ".number" : tag, more, content);
  const head = heads.map((text, i) => cell("th", text.replace("#", ""), i, { scope: "col" }));
  const line = (row) =>
    row.map((content, i) => (i ? cell("td", content, i, {}) : cell("th", content, i, { scope: "row" })));
  return h(
    "table",
    { "aria-label": label },
    h("thead", h("tr", head)),
    h("tbody", rows.map((row) => h("tr", line(row)))),
  );
}

export const list = (rows) => h("dl.facts", rows.map(([k, v]) => [h("dt", k), h("dd", v)]));
