# SPDX-License-Identifier: Apache-2.0
"""Measures of how the page looks, each a function's body that runs in the browser: what is wrong, as a list."""

# Texts with a contrast below 4.5 to what is behind them, lines and bars below 3.
CONTRAST = r"""
const numbers = (color) => color.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) =>
  c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) {
  const color = numbers(getComputedStyle(e).backgroundColor);
  if (color[3] !== 0) return color; } return [255, 255, 255]; };
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => p - q); return (y + 0.05) / (x + 0.05); };
const wrong = [];
const say = (found, least, what) => { if (!(found >= least)) wrong.push(`${what}: ${found.toFixed(2)}`); };
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let seen = 0;
for (let node; (node = texts.nextNode()); ) {
  const e = node.parentElement;
  if (!node.data.trim() || !e.checkVisibility()) continue;
  seen++;
  say(ratio(numbers(getComputedStyle(e).color), behind(e)), 4.5, node.data);
}
for (const e of document.querySelectorAll("figure .line"))
  say(ratio(numbers(getComputedStyle(e).stroke), behind(e)), 3, e.getAttribute("class"));
for (const e of document.querySelectorAll(".bar rect"))
  say(ratio(numbers(getComputedStyle(e).fill), behind(e)), 3, e.parentElement.parentElement.className);
if (!seen) wrong.push("no text");
return wrong;
"""

# What is wider than the screen, or than the card that it is in; and words that a line's end breaks.
FIT = r"""
const wrong = [];
const wide = document.documentElement.scrollWidth;
if (wide > innerWidth) wrong.push(`${wide} pixels of ${innerWidth}`);
for (const e of document.querySelectorAll("body *")) {
  if (!e.checkVisibility() || e.closest("svg, pre, wbr")) continue;
  const within = (e.parentElement.closest(".card") ?? document.documentElement).getBoundingClientRect();
  const box = e.getBoundingClientRect();
  if (box.right > within.right + 1 || box.left < within.left - 1) wrong.push(`outside: ${e.outerHTML.slice(0, 80)}`);
}
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const range = document.createRange();
for (let node; (node = texts.nextNode()); ) {
  if (!node.parentElement.checkVisibility() || node.parentElement.closest("pre")) continue;
  for (const { index, 0: word } of node.data.matchAll(/[^\s\-\/?·\u2013]+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const lines = new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round(r.top)));
    // Not names that no line could have whole, and those that nobody gives.
    if (lines.size > 1 && word.length < 20 && !/[<>=]/.test(word)) wrong.push(`broken: ${word}`);
  }
}
return wrong;
"""

# Two texts in the same place.
OVERLAPS = r"""
const boxes = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const range = document.createRange();
for (let node; (node = texts.nextNode()); ) {
  if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
  range.selectNodeContents(node);
  for (const r of range.getClientRects()) if (r.width > 1) boxes.push([r, node.data]);
}
const wrong = [];
for (let i = 0; i < boxes.length; i++)
  for (let j = i + 1; j < boxes.length; j++) {
    const [[a, x], [b, y]] = [boxes[i], boxes[j]];
    const [w, t] = [Math.min(a.right, b.right) - Math.max(a.left, b.left),
                    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
    if (w > 2 && t > 5) wrong.push(`${x} over ${y}`);
  }
return wrong;
"""

# For screen readers and keyboards, and for those whom motion makes ill.
STRUCTURE = r"""
const wrong = [];
const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
for (const [selector, n] of [["body > header", 1], ["main", 1], ["footer nav[aria-label]", 1], ["h1", 1]])
  if (shown(selector).length !== n) wrong.push(`${shown(selector).length} ${selector}`);
for (const e of document.querySelectorAll("th:not([scope])")) wrong.push(`no scope: ${e.textContent}`);
for (const e of document.querySelectorAll("table:not([aria-label]), svg:not([aria-label])")) wrong.push(`no label: ${e.outerHTML.slice(0, 80)}`);
for (const e of document.querySelectorAll("button, summary, a"))
  if (!e.textContent.trim() || e.tabIndex < 0) wrong.push(`no name or no key: ${e.outerHTML.slice(0, 80)}`);
for (const e of shown(".parts > :empty, section:empty, table tbody:empty, ul:empty")) wrong.push(`empty: ${e.outerHTML}`);
if (document.getAnimations().length) wrong.push("something moves");
for (const e of document.querySelectorAll("*"))
  if (/[1-9]/.test(getComputedStyle(e).transitionDuration + getComputedStyle(e).animationDuration)) wrong.push(`may move: ${e.tagName}`);
return wrong;
"""

# The colours of a page's element, as the style sheet has them: #rrggbb.
COLOR = r"""
const e = document.querySelector(arguments[0]);
const found = e && getComputedStyle(e)[arguments[1]].match(/[\d.]+/g).slice(0, 3).map(Number);
return found && "#" + found.map((c) => c.toString(16).padStart(2, "0")).join("");
"""
