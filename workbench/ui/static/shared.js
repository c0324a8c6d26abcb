// Functions that every component is prefixed with. Text only ever enters the page as text, never as HTML.

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      continue
    }
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value)
    } else if (name === "class") {
      element.className = value
    } else {
      element.setAttribute(name, value === true ? "" : value)
    }
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
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9",
  rows: "M4 6h16M4 12h16M4 18h10",
  back: "M15 6l-6 6 6 6",
  refresh: "M20 12a8 8 0 1 1-2.3-5.7M20 4v4h-4",
  image: "M4 5h16v14H4zm0 11 5-5 4 4 3-3 4 4M9 9.5v.1",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3",
  clip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.3 17a1.6 1.6 0 0 1-2.3-2.3L14.5 7",
  warning: "M12 4 2.8 20h18.4L12 4zm0 6v4.5m0 2.7v.1",
}

function icon(name, size = 16) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.8,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  })) {
    svg.setAttribute(key, value)
  }
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
    if (lab !== undefined) {
      view.el.style.colorScheme = lab === "false" ? "dark" : "light"
    }
  }
  host()
  let dark = isDark(element)
  const check = () =>
    requestAnimationFrame(() => {
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
  try {
    return /^[A-Z]{2}$/.test(code) && regions ? regions.of(code) : code
  } catch {
    return code
  }
}

// Backticks mark names in our own texts.
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part))
}

// Addresses in our own texts, as links.
function withLinks(text) {
  return text
    .split(/(https:\/\/[^\s,]+)/)
    .map((part, index) => (index % 2 ? h("a", {href: part, target: "_blank", rel: "noopener noreferrer"}, part) : part))
}

function counted(number) {
  return number === null || number === undefined ? "" : number.toLocaleString("en")
}

function utc(moment) {
  return `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`
}

// An error code explained: in a dialog, below a row of a table, or at the top of a message.
function codeBody(code, hasRows = true) {
  return [
    h(
      "dl",
      {class: "code-facts"},
      code.facts.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
    ),
    h(
      "p",
      {class: "code-links"},
      hasRows ? h("a", {href: code.rows}, "Its messages") : null,
      h("a", {href: code.url, target: "_blank", rel: "noopener noreferrer"}, "Twilio's page"),
    ),
  ]
}

function codeButton(code, hasRows = true) {
  return h(
    "button",
    {
      class: "code-button",
      type: "button",
      title: "What does this mean?",
      "aria-label": `${code.code} ${code.title}: what does this mean?`,
      "aria-haspopup": "dialog",
      onclick: (event) => {
        event.stopPropagation()
        const container = event.currentTarget.closest("section") || event.currentTarget.parentElement
        openDialog(container, `Error ${code.code}`, code.title, code.code, codeBody(code, hasRows))
      },
    },
    h("code", {}, code.code),
    " ",
    h("span", {}, code.title),
  )
}

function openDefinition(container, definition, isServed = false) {
  const row = (term, text) => (text ? [h("dt", {}, term), h("dd", {}, withCode(text))] : [])
  const sql = h("pre", {class: "sql", tabindex: 0}, h("code", {}, definition.sql))
  const copy = h(
    "button",
    {
      class: "quiet",
      type: "button",
      onclick: async () => {
        await navigator.clipboard.writeText(definition.sql)
        copy.textContent = "Copied"
      },
    },
    "Copy SQL",
  )
  const parameters = Object.entries(definition.parameters || {})
  openDialog(container, `Definition of ${definition.label}`, definition.label, definition.name, [
    h("p", {class: "lead"}, withCode(definition.description)),
    h(
      "dl",
      {},
      row("Counts", definition.numerator),
      row("Out of", definition.denominator),
      row("Leaves out", definition.excludes),
      row("Sample size", counted(definition.sample_size)),
      row("In flight", counted(definition.in_flight)),
      row("Hidden below", definition.minimum_sample ? `${definition.minimum_sample} messages` : ""),
      row("Period", definition.period),
      row("Asked", utc(definition.as_of)),
    ),
    isServed && definition.rows
      ? h("p", {class: "code-links"}, h("a", {href: definition.rows}, "The messages that it counts"))
      : null,
    h("div", {class: "sql-head"}, h("h3", {}, "SQL"), copy),
    sql,
    parameters.length
      ? h(
          "dl",
          {class: "parameters"},
          parameters.map(([name, value]) => row(`$${name}`, value)),
        )
      : null,
  ])
}

function openDialog(container, label, title, name, body) {
  const dialog = h(
    "dialog",
    {class: "definition", "aria-label": label},
    h(
      "header",
      {},
      h("h2", {}, title),
      h("code", {class: "name"}, name),
      h(
        "button",
        {class: "icon-button", type: "button", "aria-label": "Close", onclick: () => dialog.close()},
        icon("close", 18),
      ),
    ),
    h("div", {class: "body"}, body),
  )
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) {
      dialog.close()
    }
  })
  // Beside the component, not in it: a component that draws itself again does not close the dialog.
  const beside = container.getRootNode()
  const opener = beside.activeElement
  const index = [...container.querySelectorAll(FOCUSABLE)].indexOf(opener)
  dialog.addEventListener("close", () => {
    dialog.remove()
    // The component may have drawn itself again: then the button that opened the dialog is gone.
    if (opener && !opener.isConnected) {
      container.querySelectorAll(FOCUSABLE)[index]?.focus({preventScroll: true})
    }
  })
  ;(beside === document ? document.body : beside).append(dialog)
  dialog.showModal()
}

function definitionButton(container, definition) {
  if (!definition?.sql) {
    return null
  }
  return h(
    "button",
    {
      class: "icon-button info",
      type: "button",
      title: "How is this counted?",
      "aria-label": `How is ${definition.label} counted?`,
      "aria-haspopup": "dialog",
      onclick: () => openDefinition(container, definition),
    },
    icon("info"),
  )
}

function copyButton(text) {
  const button = h("button", {class: "quiet", type: "button"}, "Copy text")
  button.onclick = async () => {
    await navigator.clipboard.writeText(text)
    button.textContent = "Copied"
  }
  return button
}

function panelHead(model, container, extra = null) {
  return h(
    "header",
    {class: "panel-head"},
    h(
      "div",
      {},
      model.title ? h("h2", {}, model.title) : null,
      model.subtitle ? h("p", {}, withCode(model.subtitle)) : null,
    ),
    h(
      "div",
      {class: "tools"},
      model.links.rows
        ? h(
            "a",
            {
              class: "icon-button",
              href: model.links.rows,
              title: "Show the messages behind this",
              "aria-label": `Messages behind ${model.title}`,
            },
            icon("rows"),
          )
        : null,
      downloadMenu(model, extra),
      definitionButton(container, model.definition),
    ),
  )
}

function downloadMenu(model, extra) {
  const files = [
    ["csv", "CSV"],
    ["xlsx", "Excel (XLSX)"],
    ["parquet", "Parquet"],
  ].filter(([kind]) => model.links[kind])
  const entries = files.map(([kind, label]) => h("a", {href: model.links[kind], download: true}, label))
  if (extra) {
    entries.push(extra)
  }
  return entries.length ? menu(`Download ${model.title}`, icon("download"), entries) : null
}

// A list that opens from a button; Escape, a choice or a click elsewhere closes it.
function menu(label, face, entries) {
  const details = h(
    "details",
    {class: "menu"},
    h("summary", {class: "icon-button", "aria-label": label, title: label}, face),
    h("div", {class: "menu-list"}, entries),
  )
  const close = () => {
    details.open = false
  }
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && details.open) {
      close()
      details.firstChild.focus()
    }
  })
  details.addEventListener("focusout", (event) => {
    if (!details.contains(event.relatedTarget)) {
      close()
    }
  })
  details.lastChild.addEventListener("click", () => setTimeout(close))
  return details
}

const FOCUSABLE = "a[href], button, input, select, summary, [tabindex]"

// Draws again and keeps the focused control, what is scrolled, and which menu is open.
function keepingPlace(root, draw) {
  const controls = () => [...root.querySelectorAll(FOCUSABLE)]
  const name = (element) => `${element.tagName} ${element.getAttribute("aria-label") || element.textContent}`
  const focused = root.getRootNode().activeElement
  const at = focused && root.contains(focused) ? [controls().indexOf(focused), name(focused)] : null
  const scrolled = [...root.querySelectorAll(".scroll")].map((element) => [element.scrollLeft, element.scrollTop])
  const menus = [...root.querySelectorAll("details.menu")].map((element) => element.open)
  draw()
  root.querySelectorAll(".scroll").forEach((element, index) => {
    ;[element.scrollLeft, element.scrollTop] = scrolled[index] || [0, 0]
  })
  root.querySelectorAll("details.menu").forEach((element, index) => {
    element.open = Boolean(menus[index])
  })
  if (at && !root.contains(root.getRootNode().activeElement)) {
    const now = controls()
    const again = now[at[0]] && name(now[at[0]]) === at[1] ? now[at[0]] : now.find((element) => name(element) === at[1])
    ;(again || now[at[0]])?.focus({preventScroll: true})
  }
}

function placeholder(model) {
  if (model.state === "loading") {
    return h("div", {class: "skeleton", role: "status", "aria-label": "Loading"})
  }
  const failed = model.state === "error"
  return h(
    "div",
    {class: failed ? "blank failed" : "blank", role: failed ? "alert" : "status"},
    failed ? icon("warning", 20) : null,
    h("p", {}, withCode(model.message)),
  )
}
