// Helpers that every component is prefixed with. Text only ever enters the page as text, never as HTML.

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) { continue }
    if (name.startsWith("on")) { element.addEventListener(name.slice(2), value) }
    else if (name === "class") { element.className = value }
    else { element.setAttribute(name, value === true ? "" : value) }
  }
  element.append(...present(children))
  return element
}

function present(children) {
  return children.flat(3).filter((child) => child !== null && child !== undefined && child !== false && child !== "")
}

function fill(element, ...children) {
  element.replaceChildren(...present(children))
}

const ICONS = {
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 7v6.5M12 7.2v.1",
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  flat: "M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  chevron: "M9 6l6 6-6 6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4 4",
  warning: "M12 4 2.8 20h18.4L12 4zm0 6v4.5m0 2.7v.1",
}

function icon(name, size = 16) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  })) { svg.setAttribute(key, value) }
  const path = document.createElementNS(svg.namespaceURI, "path")
  path.setAttribute("d", ICONS[name])
  svg.append(path)
  return svg
}

function isDark(element) {
  return getComputedStyle(element).colorScheme.includes("dark")
}

// A page's theme switch rewrites style elements in the head; JupyterLab marks the body.
function followTheme(model, view, element, changed) {
  const host = () => {
    const lab = document.body.dataset.jpThemeLight
    if (lab !== undefined) { view.el.style.colorScheme = lab === "false" ? "dark" : "light" }
  }
  host()
  let dark = isDark(element)
  const check = () => requestAnimationFrame(() => {
    host()
    if (element.isConnected && isDark(element) !== dark) {
      dark = !dark
      changed(dark)
    }
  })
  const observer = new MutationObserver(check)
  observer.observe(document.head, {subtree: true, childList: true, characterData: true})
  observer.observe(document.body, {attributes: true, attributeFilter: ["data-jp-theme-light"]})
  model.on("lifecycle:remove", () => observer.disconnect())
}

const regions = typeof Intl.DisplayNames === "function" ? new Intl.DisplayNames(["en"], {type: "region"}) : null

function countryName(code) {
  try { return /^[A-Z]{2}$/.test(code) && regions ? regions.of(code) : code } catch { return code }
}

// Backticks mark names in our own texts.
function withCode(text) {
  return text.split("`").map((part, index) => index % 2 ? h("code", {}, part) : part)
}

function openDefinition(container, definition) {
  const row = (term, text) => text ? [h("dt", {}, term), h("dd", {}, withCode(text))] : []
  const sql = h("pre", {class: "sql", tabindex: 0}, h("code", {}, definition.sql))
  const copy = h("button", {class: "quiet", type: "button", onclick: async () => {
    await navigator.clipboard.writeText(definition.sql)
    copy.textContent = "Copied"
  }}, "Copy SQL")
  const parameters = Object.entries(definition.parameters || {})
  const dialog = h("dialog", {class: "definition", "aria-label": `Definition of ${definition.label}`},
    h("header", {},
      h("h2", {}, definition.label),
      h("code", {class: "name"}, definition.name),
      h("button", {class: "icon-button", type: "button", "aria-label": "Close", onclick: () => dialog.close()},
        icon("close", 18))),
    h("div", {class: "body"},
      h("p", {class: "lead"}, withCode(definition.description)),
      h("dl", {},
        row("Counts", definition.numerator),
        row("Out of", definition.denominator),
        row("Leaves out", definition.excludes),
        row("Sample size", definition.sample_size === null ? "" : definition.sample_size.toLocaleString("en")),
        row("Hidden below", definition.minimum_sample ? `${definition.minimum_sample} messages` : ""),
        row("Period", definition.period),
        row("Asked", new Date(definition.as_of).toISOString().slice(0, 19).replace("T", " ") + " UTC")),
      h("div", {class: "sql-head"}, h("h3", {}, "SQL"), copy),
      sql,
      parameters.length ? h("dl", {class: "parameters"}, parameters.map(([name, value]) => row(`$${name}`, value))) : null))
  dialog.addEventListener("click", (event) => { if (event.target === dialog) { dialog.close() } })
  dialog.addEventListener("close", () => dialog.remove())
  container.append(dialog)
  dialog.showModal()
}

function definitionButton(container, definition) {
  if (!definition || !definition.sql) { return null }
  return h("button", {
    class: "icon-button info", type: "button", title: "How is this counted?",
    "aria-label": `How is ${definition.label} counted?`, "aria-haspopup": "dialog",
    onclick: () => openDefinition(container, definition),
  }, icon("info"))
}

function tileHead(model, container) {
  return h("header", {class: "tile-head"},
    h("div", {}, h("h2", {}, model.title), model.subtitle ? h("p", {}, model.subtitle) : null),
    definitionButton(container, model.definition))
}

function placeholder(model) {
  if (model.state === "loading") { return h("div", {class: "skeleton", "aria-label": "Loading"}) }
  const failed = model.state === "error"
  return h("div", {class: failed ? "blank failed" : "blank", role: failed ? "alert" : "status"},
    failed ? icon("warning", 20) : null, h("p", {}, model.message))
}
