// The player: one trace, one step of it, everything that shows that step.

const PICTURES = ["cause", "lanes"];
const player = { anchor: null, trace: null, step: 0, states: [] };

/** All states of a trace, from the initial one and what each step changed. */
function statesOf(trace) {
  const states = [trace.initial];
  for (const changed of trace.changes) states.push({ ...states.at(-1), ...changed });
  return states;
}

/** Show a trace at a step; without one, at its end. */
function openTrace(anchor, trace, step) {
  const fresh = player.anchor !== anchor;
  if (fresh) {
    Object.assign(player, { anchor, trace, states: statesOf(trace) });
    fill(trace, anchor);
    show("player");
  }
  goTo(step ?? trace.steps.length);
  if (fresh) {
    PICTURES.forEach(fromLeft);
    byId("player-title").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function fill(trace, anchor) {
  const name = decodeURIComponent(anchor.split("/", 1)[0]);
  const title = `${name}: ${trace.property}, scenario ${trace.scenario}`;
  document.title = title;
  byId("player-title").textContent = title;
  byId("verdict").textContent = `${trace.verdict[0].toUpperCase()}${trace.verdict.slice(1)}.`;
  byId("verdict").className = trace.kind === "reach" ? "reached" : "violated";
  const alike = trace.version === name ? "" : `${name} behaves as ${trace.version} does; the trace was made for that.`;
  note("alike", alike);
  fillOthers(anchor);
  byId("settings").lastElementChild.textContent = trace.settings.map(pairs).join(", ");
  note("cycle", cycleNote(trace));
  byId("partial").hidden = !trace.partial;
  byId("slider").max = trace.steps.length;
  byId("account").replaceChildren(...trace.sentences.map(sentence));
  byId("steps").replaceChildren(stepItem(0, "initial state", ""), ...trace.steps.map(stepOf));
  for (const id of PICTURES) picture(id, trace[id]);
}

function note(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = text === "";
}

const pairs = (values) => Object.entries(values).map(([key, value]) => `${key}=${value}`).join(", ");

function fillOthers(anchor) {
  const question = anchor.slice(0, anchor.lastIndexOf(".") + 1);
  const others = Object.keys(index).filter((other) => other.startsWith(question) && other !== anchor);
  const links = others.map((other) => {
    const link = make("a", "", other.slice(question.length));
    link.href = `#${other}`;
    return make("li", "", link);
  });
  byId("others").hidden = links.length === 0;
  byId("others").lastElementChild.replaceChildren(...links);
}

function cycleNote(trace) {
  if (trace.loop === null) return "";
  if (trace.loop === trace.steps.length) return "After the last step the system may rest for ever.";
  return `Repeats from step ${trace.loop + 1} on for ever: Forward at the end goes there.`;
}

function sentence(item) {
  const number = item.steps.at(-1) ?? 0;
  const button = make("button", "", item.text);
  button.type = "button";
  button.addEventListener("click", () => goTo(number));
  const line = make("li", "", button);
  line.dataset.steps = item.steps.join(" ");
  return line;
}

function stepItem(number, name, actor) {
  const button = make("button", "", make("span", "number", String(number)), make("span", "actor", actor));
  button.append(make("span", "name", name));
  button.type = "button";
  button.addEventListener("click", () => goTo(number));
  return make("li", "", button);
}

const stepOf = (step, at) => stepItem(at + 1, step.name, step.actor);

function picture(id, source) {
  const parsed = new DOMParser().parseFromString(source, "image/svg+xml");
  byId(id).replaceChildren(document.importNode(parsed.documentElement, true));
}

/** Show another part of the trace in a pane. */
function choose(button) {
  for (const other of button.parentElement.children) {
    other.setAttribute("aria-pressed", String(other === button));
    byId(other.value).classList.toggle("away", other !== button);
  }
  // what is not shown cannot be scrolled
  mark(player.step);
  fromLeft(button.value);
}

function fromLeft(id) {
  byId(id).scrollLeft = 0;
}

/** Show a step; numbers beyond the ends stop there. */
function goTo(number) {
  const step = Math.min(Math.max(number, 0), player.trace.steps.length);
  player.step = step;
  showPosition(step);
  showState(step);
  mark(step);
  history.replaceState(history.state, "", `#${player.anchor}/${step}`);
}

function showPosition(step) {
  const { trace } = player;
  const total = trace.steps.length;
  const taken = step === 0 ? null : trace.steps[step - 1];
  const text = `step ${step} of ${total}: ${taken ? taken.name : "initial state"}`;
  byId("slider").value = step;
  byId("slider").setAttribute("aria-valuetext", text);
  byId("position").textContent = text;
  byId("live").textContent = taken ? `${text}. ${taken.notes.join("; ") || "nothing changed"}` : text;
  byId("state-title").textContent = step === 0 ? "Initial state" : `State after step ${step}`;
  byId("source").textContent = taken ? `${taken.actor}: ${taken.source}` : "";
  for (const id of ["first", "back"]) disable(id, step === 0);
  disable("last", step === total);
  disable("forward", step === total && !repeats(trace));
}

/** Say that a button has no effect now, without taking the focus from it. */
function disable(id, off) {
  byId(id).setAttribute("aria-disabled", String(off));
}

const repeats = (trace) => trace.loop !== null && trace.loop < trace.steps.length;

function forward() {
  const { trace, step } = player;
  // the last state is the one after step `loop`: what follows is the step after that
  goTo(step === trace.steps.length && repeats(trace) ? trace.loop + 1 : step + 1);
}

function showState(step) {
  const now = player.states[step];
  const changed = step === 0 ? {} : player.trace.changes[step - 1];
  const before = step === 0 ? now : player.states[step - 1];
  const groups = player.trace.groups.map((group) => {
    const rows = group.names.map((name) => row(name, now[name], name in changed ? before[name] : undefined));
    return make("section", "group", make("h4", "", group.title), make("dl", "", ...rows));
  });
  byId("state").replaceChildren(...groups);
}

/** A variable: its name and meaning, its value, and if it has just changed what it was. */
function row(name, value, was) {
  const meaning = player.trace.meanings[name];
  const term = make("dt", "", make("code", "", name));
  if (meaning) term.append(" ", make("span", "meaning", meaning));
  const shown = make("dd", "", make("span", "value", ...valueOf(value)));
  const result = make("div", was === undefined ? "" : "changed", term, shown);
  if (was !== undefined) {
    shown.append(" ", make("span", "tag", "changed"), " ", make("span", "was", "was ", ...valueOf(was)));
  }
  if (Array.isArray(value) && (value.length || was)) result.classList.add("queue");
  result.dataset.name = name;
  return result;
}

function valueOf(value) {
  if (!Array.isArray(value)) return [value];
  return value.length === 0 ? ["empty"] : [make("ol", "chips", ...value.map(chip))];
}

function chip(item) {
  const result = make("li", "", make("b", "", item.name));
  for (const flag of item.flags) result.append(" ", make("span", "flag", flag));
  if (item.detail) result.append(" ", make("small", "", item.detail));
  return result;
}

/** Mark the step in the list, the account and the pictures; what is still to come is faded. */
function mark(step) {
  [...byId("steps").children].forEach((line, number) => {
    line.classList.toggle("later", number > step);
    current(line.firstElementChild, number === step);
  });
  for (const line of byId("account").children) {
    const steps = line.dataset.steps.split(" ").filter(Boolean).map(Number);
    line.classList.toggle("later", steps.every((number) => number > step));
    current(line.firstElementChild, steps.includes(step));
  }
  for (const id of PICTURES) markPicture(byId(id), step);
  bringIntoView(byId("steps"), byId("steps").children[step]);
  const told = byId("account").querySelector("[aria-current]") ?? byId("account").firstElementChild;
  if (told) bringIntoView(byId("account"), told);
}

function current(element, is) {
  if (is) element.setAttribute("aria-current", "step");
  else element.removeAttribute("aria-current");
}

/** The step that a shape of a picture stands for, or null: it has the class `step-N`. */
function stepOfShape(shape) {
  const name = [...shape.classList].find((item) => /^step-[0-9]+$/.test(item));
  return name ? Number(name.slice("step-".length)) : null;
}

function markPicture(box, step) {
  for (const shape of box.querySelectorAll(".step")) {
    const number = stepOfShape(shape);
    shape.classList.toggle("current", number === step);
    shape.classList.toggle("later", number > step);
    // its box: the shape may also have a note far to the right
    if (number === step) bringIntoView(box, shape.querySelector("rect") ?? shape);
  }
}

/** Scroll a box, and only that, so that one of its parts is seen. */
function bringIntoView(box, part) {
  const outer = box.getBoundingClientRect();
  const inner = part.getBoundingClientRect();
  const down = inner.top < outer.top || inner.bottom > outer.bottom;
  const aside = inner.left < outer.left || inner.right > outer.right;
  const top = down ? (inner.top + inner.bottom - outer.top - outer.bottom) / 2 : 0;
  const left = aside ? inner.left - outer.left - 16 : 0;
  if (top || left) box.scrollBy({ top, left });
}

const KEYS = {
  ArrowRight: forward,
  ArrowLeft: () => goTo(player.step - 1),
  Home: () => goTo(0),
  End: () => goTo(player.trace.steps.length),
};

function onKey(event) {
  const action = KEYS[event.key];
  // a picture scrolls by its arrow keys
  if (!action || event.target.closest(".scroll") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  action();
}

function onShape(event) {
  const shape = event.target.closest(".step");
  const number = shape && stepOfShape(shape);
  if (number !== null) goTo(number);
}

function listen() {
  byId("first").addEventListener("click", () => goTo(0));
  byId("back").addEventListener("click", () => goTo(player.step - 1));
  byId("forward").addEventListener("click", forward);
  byId("last").addEventListener("click", () => goTo(player.trace.steps.length));
  byId("slider").addEventListener("input", () => goTo(Number(byId("slider").value)));
  byId("player").addEventListener("keydown", onKey);
  for (const id of PICTURES) byId(id).addEventListener("click", onShape);
  for (const button of document.querySelectorAll(".choice button")) {
    button.addEventListener("click", () => choose(button));
  }
}
