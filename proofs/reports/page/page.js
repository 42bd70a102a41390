"use strict";
// The page: which of the two views is shown, what the address says, the traces, the colours.

const byId = (id) => document.getElementById(id);
const index = JSON.parse(byId("index").textContent);
const unpacked = new Map();

/** An element with a class, and texts or elements inside; a text is never read as HTML. */
function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

async function unpack(number) {
  const text = document.querySelectorAll("script.block")[number].textContent;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
}

/** The trace that an anchor stands for; a block is unpacked once. */
async function traceOf(anchor) {
  const [block, position] = index[anchor];
  if (!unpacked.has(block)) unpacked.set(block, unpack(block));
  return (await unpacked.get(block))[position];
}

/** `#v12/quiet-engine.default/8` as { anchor, step }; the step is null if there is none, the anchor if it is unknown. */
function parse(hash) {
  const text = hash.slice(1);
  if (Object.hasOwn(index, text)) return { anchor: text, step: null };
  const slash = text.lastIndexOf("/");
  const anchor = text.slice(0, slash);
  const digits = text.slice(slash + 1);
  if (slash < 0 || !Object.hasOwn(index, anchor) || !/^[0-9]{1,6}$/.test(digits)) return { anchor: null, step: null };
  return { anchor, step: Number(digits) };
}

function show(view) {
  byId("overview").hidden = view !== "overview";
  byId("player").hidden = view !== "player";
}

function showOverview() {
  const left = player.anchor;
  player.anchor = null;
  show("overview");
  document.title = pageTitle;
  // back from a trace: to the cell that led there
  const cell = left && [...document.querySelectorAll("#matrix a")].find((link) => parse(link.hash).anchor === left);
  if (cell) cell.focus();
}

async function route() {
  const wanted = location.hash;
  const { anchor, step } = parse(wanted);
  const known = anchor !== null || ["", "#", "#main"].includes(wanted);
  byId("message").textContent = known ? "" : "The link's trace or step is not on this page.";
  if (anchor === null) {
    if (wanted !== "#main") showOverview();
    return;
  }
  try {
    const trace = await traceOf(anchor);
    // the address may have changed again meanwhile
    if (location.hash === wanted) openTrace(anchor, trace, step);
  } catch (error) {
    byId("message").textContent = `The trace cannot be unpacked: ${error.message}`;
  }
}

function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Let the button and the pictures, whose colours are their own, follow. */
function applyTheme() {
  byId("theme").setAttribute("aria-pressed", String(dark()));
  document.documentElement.classList.toggle("dark", dark());
}

function toggleTheme() {
  document.documentElement.dataset.theme = dark() ? "light" : "dark";
  applyTheme();
}

const pageTitle = document.title;
addEventListener("DOMContentLoaded", () => {
  applyTheme();
  byId("theme").addEventListener("click", toggleTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
  listen();
  addEventListener("hashchange", route);
  route();
});
