function sparkline(courses) {
  const width = 120,
    height = 34,
    svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  svg.setAttribute("preserveAspectRatio", "none")
  svg.setAttribute("class", "trend")
  svg.setAttribute("aria-hidden", "true")
  const known = courses[0].filter((value) => value !== null)
  const low = Math.min(...known),
    span = Math.max(...known) - low || 1
  const step = width / Math.max(courses[0].length - 1, 1)
  let path = "",
    pen = "M"
  courses[0].forEach((value, index) => {
    if (value === null) {
      pen = "M"
      return
    }
    const y = height - 3 - ((value - low) / span) * (height - 6)
    path += `${pen}${(index * step).toFixed(1)} ${y.toFixed(1)}`
    pen = "L"
  })
  const line = document.createElementNS(svg.namespaceURI, "path")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}

function changeMark(line, comparedWith) {
  if (!comparedWith) {
    return null
  }
  if (!line.change) {
    return line.state === "ok" ? h("span", {class: "change neutral"}, "nothing to compare") : null
  }
  const words = {up: "up", down: "down", flat: ""}[line.change.arrow]
  const chance = line.change.is_sure || line.change.arrow === "flat" ? "" : ", within chance"
  return h(
    "span",
    {
      class: `change ${line.change.sense}`,
      title: `${line.change.before} in ${comparedWith}${chance}`,
      "aria-label": `${words} ${line.change.text} against ${line.change.before} before${chance}`,
    },
    icon(line.change.arrow, 13),
    line.change.text,
  )
}

function cardElement(card, container, isServed) {
  const lines = card.lines.map((line) =>
    h(
      "div",
      {class: "line"},
      h("span", {class: ["ok", "now"].includes(line.state) ? "value" : "value missing"}, line.value),
      changeMark(line, card.compared_with),
    ),
  )
  const drawn = card.trend && card.trend.length === 1 && card.trend[0].filter((value) => value !== null).length > 2
  return h(
    "button",
    {
      class: `card${card.lines.length > 1 ? " several" : ""}`,
      type: "button",
      "aria-haspopup": "dialog",
      "data-metric": card.name,
      onclick: () => openDefinition(container, card.definition, isServed),
    },
    h("span", {class: "label"}, card.label, icon("info", 13)),
    h("span", {class: "lines"}, lines),
    card.notes.length
      ? h(
          "span",
          {class: "notes"},
          card.notes.map((note) => h("span", {}, note)),
        )
      : null,
    drawn ? sparkline(card.trend) : null,
  )
}

export function render({model, view}) {
  const root = h("section", {})
  const draw = () => keepingPlace(root, paint)
  const paint = () => {
    root.className = `cards ${model.size}`
    root.setAttribute("aria-label", `Numbers: ${model.cards.map((card) => card.label).join(", ") || "loading"}`)
    root.style.setProperty("--all", Math.min(model.expected, 6))
    root.style.setProperty("--half", Math.ceil(model.expected / 2))
    if (model.state === "ok") {
      fill(root, ...model.cards.map((card) => cardElement(card, root, Boolean(model.links.csv))))
    } else if (model.state === "loading") {
      fill(root, ...Array.from({length: model.expected}, () => h("div", {class: "card"}, placeholder(model))))
    } else {
      fill(root, h("div", {class: "card wide"}, placeholder(model)))
    }
  }
  draw()
  model.on(["cards", "state", "message"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
