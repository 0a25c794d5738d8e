// Draws the configuration as a tree that folds, searches it, copies it. Values are only ever set
// as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const span = (kind, text) => Object.assign(document.createElement("span"), { className: kind, textContent: text });

function draw(name, value, parent) {
  if (value === null || typeof value !== "object") {
    const leaf = document.createElement("div");
    leaf.className = "leaf";
    const kind = typeof value === "string" ? "text" : "value";
    leaf.append(span("key", name), ": ", span(kind, value === null ? "null" : String(value)));
    parent.append(leaf);
    return;
  }
  const members = Object.entries(value);
  const details = document.createElement("details");
  details.open = true;
  const summary = document.createElement("summary");
  const unit = Array.isArray(value) ? "item" : "key";
  summary.append(span("key", name), " ", span("count", `${members.length} ${unit}${members.length === 1 ? "" : "s"}`));
  details.append(summary);
  for (const [key, inner] of members) draw(Array.isArray(value) ? `[${key}]` : key, inner, details);
  parent.append(details);
}

function search() {
  const wanted = byId("search").value.trim().toLowerCase();
  let found = 0;
  const visit = (node, shownByParent) => {
    const own = node.matches(".leaf") ? node.textContent : node.querySelector("summary .key").textContent;
    const hit = wanted !== "" && own.toLowerCase().includes(wanted);
    found += hit ? 1 : 0;
    (node.matches(".leaf") ? node : node.querySelector("summary")).classList.toggle("found", hit);
    let inside = false;
    for (const child of node.querySelectorAll(":scope > details, :scope > .leaf")) {
      inside = visit(child, shownByParent || hit) || inside;
    }
    node.hidden = wanted !== "" && !hit && !inside && !shownByParent;
    if (node.matches("details") && wanted !== "") node.open = inside || hit;
    return hit || inside;
  };
  for (const child of byId("tree").children) visit(child, false);
  byId("state").textContent = wanted === "" ? "" : `${found} found`;
}

function show(yaml) {
  byId("tree").hidden = yaml;
  byId("yaml").hidden = !yaml;
  byId("show-tree").setAttribute("aria-pressed", String(!yaml));
  byId("show-yaml").setAttribute("aria-pressed", String(yaml));
}

async function start() {
  const [tree, yaml] = await Promise.all([
    fetch("config.json").then((answer) => answer.json()),
    fetch("config.yaml").then((answer) => answer.text()),
  ]);
  draw("Butler-SOS", tree, byId("tree"));
  byId("yaml").textContent = yaml;
  byId("search").addEventListener("input", search);
  byId("show-tree").addEventListener("click", () => show(false));
  byId("show-yaml").addEventListener("click", () => show(true));
  byId("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(yaml);
    byId("state").textContent = "Copied as YAML";
  });
  if (location.hash.length > 1) {
    byId("search").value = decodeURIComponent(location.hash.slice(1));
    search();
  }
}

start().catch((error) => { byId("state").textContent = `The configuration cannot be shown: ${error}`; });
