// A chart's points for those who do not see it or use no mouse: as a table, and one by one with the arrow keys.

// "%{y:,.2f} USD" with the values of a point. The number formats are those that our figures use.
function filled(template, values) {
  return template.replace(/<[^>]*>/g, "").replace(/%\{(\w+)(?::([^}]*))?\}/g, (_, name, format) => {
    const value = values[name] ?? ""
    if (typeof value !== "number" || !format) {
      return typeof value === "number" ? value.toLocaleString("en") : value
    }
    const digits = Number(format.match(/\.(\d+)/)?.[1] ?? 0)
    const fixed = {minimumFractionDigits: digits, maximumFractionDigits: digits}
    const isShare = format.endsWith("%")
    return value.toLocaleString("en", {...fixed, style: isShare ? "percent" : "decimal"}).replace(/%$/, " %")
  })
}

function entityText(text) {
  return String(text).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
}

function pointText(trace, index) {
  const values = {x: trace.x?.[index], y: trace.y?.[index], text: trace.text?.[index]}
  const number = trace.orientation === "h" ? values.x : values.y
  if (number === null || number === undefined) {
    return ""
  }
  return entityText(filled(trace.hovertemplate || "%{y}", values))
}

// Every place on the axis with the points there: [{label, key, points: [{curve, index, name, text, key}]}].
function placesOf(traces, hidden) {
  const places = new Map()
  traces.forEach((trace, curve) => {
    if (hidden.has(trace.name) || trace.hoverinfo === "skip" || trace.type === "heatmap") {
      return
    }
    const along = trace.orientation === "h" ? trace.y : trace.x
    Array.from(along ?? []).forEach((label, index) => {
      const text = pointText(trace, index)
      if (!text) {
        return
      }
      const place = places.get(label) ?? {label: entityText(label), points: []}
      places.set(label, place)
      const key = trace.customdata?.[index] ?? along[index]
      place.points.push({curve, index, name: entityText(trace.name ?? ""), text, key, series: trace.name})
    })
  })
  return [...places.values()]
}

function heatPlaces(trace) {
  return Array.from(trace.y).map((label, row) => ({
    label: entityText(label),
    points: Array.from(trace.x).map((name, column) => ({
      curve: 0,
      index: [row, column],
      name: String(name),
      text: trace.z[row][column] === null ? "" : String(trace.text?.[row]?.[column] ?? trace.z[row][column]),
      key: trace.customdata?.[row]?.[column] ?? name,
      series: trace.name,
    })),
  }))
}

function chartPlaces(traces, hidden) {
  const heat = traces.find((trace) => trace.type === "heatmap")
  return heat ? heatPlaces(heat) : placesOf(traces, hidden)
}

function pointsTable(title, places, choose) {
  const names = [...new Set(places.flatMap((place) => place.points.map((point) => point.name)))]
  const cell = (place, name) => place.points.find((point) => point.name === name)?.text ?? ""
  const head = (place) =>
    choose && place.points.length
      ? h("button", {type: "button", class: "row-name", onclick: () => choose(place.points[0])}, place.label)
      : place.label
  return h(
    "div",
    {class: "scroll points", tabindex: 0, role: "region", "aria-label": `${title} as a table`},
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          names.map((name) => h("th", {scope: "col"}, name || title)),
        ),
      ),
      h(
        "tbody",
        {},
        places.map((place) =>
          h(
            "tr",
            {},
            h("th", {scope: "row"}, head(place)),
            names.map((name) => h("td", {class: "number"}, cell(place, name))),
          ),
        ),
      ),
    ),
  )
}

// Left and right lead along the axis, up and down through the series, Enter does what a click does.
class PointKeys {
  constructor(frame, show, choose) {
    this.frame = frame
    this.show = show
    this.choose = choose
    this.places = []
    this.place = -1
    this.series = 0
    this.said = h("span", {class: "said", role: "status"})
    frame.addEventListener("keydown", (event) => this.press(event))
  }

  take(places) {
    this.places = places
    this.place = Math.min(this.place, places.length - 1)
  }

  press(event) {
    const last = this.places.length - 1
    const moves = {
      ArrowRight: () => this.go(this.place + 1),
      ArrowLeft: () => this.go(this.place < 0 ? last : this.place - 1),
      Home: () => this.go(0),
      End: () => this.go(last),
      ArrowDown: () => this.turn(1),
      ArrowUp: () => this.turn(-1),
      Enter: () => this.point && this.choose?.(this.point),
    }
    if (last >= 0 && moves[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault()
      moves[event.key]()
    }
  }

  get point() {
    return this.places[this.place]?.points[this.series]
  }

  go(place) {
    this.place = Math.max(0, Math.min(this.places.length - 1, place))
    this.turn(0)
  }

  turn(by) {
    this.place = Math.max(0, this.place)
    const {points, label} = this.places[this.place]
    this.series = Math.max(0, Math.min(points.length - 1, this.series + by))
    const {name, text} = this.point
    this.said.textContent = [label, name, text].filter(Boolean).join(", ")
    this.show(this.point)
  }
}
