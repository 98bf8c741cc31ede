"use strict";
(() => {
  // It hides and shows what is on the page already; it makes no element and no markup.
  const box = document.getElementById("find");
  const told = document.getElementById("found");
  const unfold = document.getElementById("unfold");
  const NAMES = {
    unit: ["unit", "units"],
    report: ["report", "reports"],
    number: ["number", "numbers"],
    finding: ["finding", "findings"],
    alert: ["alert", "alerts"],
    ask: ["thing asked for", "things asked for"],
    department: ["department", "departments"],
    source: ["source", "sources"],
  };
  const plain = (text) =>
    text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase().replace(/\s+/g, " ");
  const around = (element) => {
    let words = "";
    for (let up = element.closest("[data-in]"); up; up = up.parentElement.closest("[data-in]")) {
      words += ` ${up.dataset.in}`;
    }
    return words;
  };

  let items = null;
  const groups = [...document.querySelectorAll("[data-group]")];
  const rest = [...document.querySelectorAll("[data-rest]")];
  const folds = [...document.querySelectorAll("details")];
  let before = null; // which folds were open when the search began

  const read = () =>
    [...document.querySelectorAll("[data-find]")].map((element) => ({
      element,
      kind: element.dataset.find,
      stays: "stay" in element.dataset,
      words: plain(`${around(element)} ${element.dataset.label ?? ""} ${element.textContent}`),
    }));

  const show = (element, on) => element.toggleAttribute("data-off", !on);

  const mark = (hits, wanted) => {
    if (!("highlights" in CSS)) return;
    CSS.highlights.delete("found");
    if (!wanted.length) return;
    const light = new Highlight();
    for (const { element } of hits) {
      const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (walk.nextNode() && light.size < 2000) {
        const node = walk.currentNode;
        const low = node.data.toLowerCase();
        if (low.length !== node.data.length) continue;
        for (const word of wanted) {
          for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            light.add(range);
          }
        }
      }
    }
    CSS.highlights.set("found", light);
  };

  const say = (hits, wanted) => {
    if (!wanted.length) return "";
    if (!hits.length) return `Nothing found for “${box.value.trim()}”`;
    const counts = Object.entries(NAMES)
      .map(([kind, [one, more]]) => [hits.filter((hit) => hit.kind === kind).length, one, more])
      .filter(([count]) => count);
    const list = counts.map(([count, one, more]) => `${count} ${count === 1 ? one : more}`);
    return list.length ? `Found ${list.join(", ")}` : `Found ${hits.length}`;
  };

  const filter = () => {
    items ??= read();
    const wanted = plain(box.value).split(" ").filter(Boolean);
    const active = wanted.length > 0;
    if (active) before ??= new Map(folds.map((fold) => [fold, fold.open]));
    const hits = items.filter((item) => wanted.every((word) => item.words.includes(word)));
    const kept = new Set();
    for (const { element } of hits) {
      for (let up = element; up; up = up.parentElement) kept.add(up);
    }
    for (const item of items) {
      if (!item.stays) show(item.element, !active || kept.has(item.element));
    }
    for (const group of groups) show(group, !active || kept.has(group));
    for (const one of rest) show(one, !active);
    // A fold within a thing that is found opens if what is sought stands in it.
    const inner = (fold) => {
      const item = fold.parentElement.closest("[data-find]");
      if (!item || !kept.has(item)) return false;
      const words = plain(fold.textContent);
      return wanted.some((word) => words.includes(word));
    };
    for (const fold of folds) {
      if (active) fold.open = kept.has(fold) || inner(fold);
      else if (before) fold.open = before.get(fold);
    }
    if (!active) before = null;
    told.textContent = say(hits, wanted);
    mark(hits, wanted);
  };

  let wait = 0;
  const soon = () => {
    clearTimeout(wait);
    wait = setTimeout(filter, 120);
  };
  const clear = () => {
    clearTimeout(wait);
    box.value = "";
    filter();
  };

  box.addEventListener("input", soon);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (event.target === box || box.value)) {
      event.preventDefault();
      if (box.value) clear();
      else box.blur();
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  const arrive = () => {
    let name = "";
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = name && document.getElementById(name);
    if (!target) return;
    if (box.value) clear();
    for (let up = target; up; up = up.parentElement) {
      if (up instanceof HTMLDetailsElement) up.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", arrive);

  const units = folds.filter((fold) => fold.id.startsWith("unit-"));
  const label = () => {
    if (unfold) unfold.textContent = units.every((unit) => unit.open) ? "Close all" : "Open all";
  };
  if (unfold) {
    unfold.hidden = false;
    unfold.addEventListener("click", () => {
      const open = !units.every((unit) => unit.open);
      for (const unit of units) unit.open = open;
      label();
    });
    for (const unit of units) unit.addEventListener("toggle", label);
    label();
  }

  // On paper all is open; browsers that cannot do so by style alone need to be helped.
  let shut = [];
  addEventListener("beforeprint", () => {
    shut = folds.filter((fold) => "print" in fold.dataset && !fold.open);
    for (const fold of shut) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of shut) fold.open = false;
  });

  document.getElementById("search").hidden = false;
  arrive();
})();
