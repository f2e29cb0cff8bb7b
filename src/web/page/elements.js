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

// Makes an element like another one and changes only what differs: focus, selection and scroll
// position outlive an update.
export function become(old, wanted) {
  for (const { name } of [...old.attributes])
    if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [a, b] = [[...old.childNodes], [...wanted.childNodes]];
  b.forEach((node, i) => {
    if (!a[i]) old.append(node);
    else if (a[i].nodeName !== node.nodeName) a[i].replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) a[i].data === node.data || (a[i].data = node.data);
    else become(a[i], node);
  });
  a.slice(b.length).forEach((node) => node.remove());
}

export const part = (title, ...content) => h("section", h("h3", title), content);
export const mark = (kind, text) => h("span", { class: "mark " + kind }, text);
export const soft = (...text) => h("span.soft", text);
export const runbook = (anchor, text) =>
  h("a", { href: "./runbook#" + encodeURIComponent(anchor) }, text ?? `What to do: ${anchor}`);

// A head that begins with # is of a column of numbers.
export function table(label, heads, rows) {
  const cell = (tag) => (content, i) =>
    h(heads[i].startsWith("#") ? tag + ".number" : tag, content);
  const head = h("tr", heads.map((text) => text.replace("#", "")).map(cell("th")));
  const body = rows.map((row) => h("tr", row.map(cell("td"))));
  return h("table", { "aria-label": label }, h("thead", head), h("tbody", body));
}
