const LOADED = "__workbenchPlotly"

// One copy of plotly per document, whoever asks first; charts that carry no copy wait for one that does.
function plotly(model) {
  if (!globalThis[LOADED]) {
    let settle
    const promise = new Promise((resolve, reject) => {
      settle = {resolve, reject}
    })
    globalThis[LOADED] = {promise, ...settle, started: false}
  }
  const loading = globalThis[LOADED]
  if (!loading.started && (model.plotly_url || model.plotly_source)) {
    loading.started = true
    const url = model.plotly_source
      ? URL.createObjectURL(new Blob([model.plotly_source], {type: "text/javascript"}))
      : new URL(model.plotly_url, document.baseURI).href
    // The distributed file leaves itself in a global of this odd name.
    import(url).then(() => loading.resolve(globalThis.moduleName), loading.reject)
  }
  return loading.promise
}

function recolored(value, twins) {
  if (typeof value === "string") {
    return twins[value.toLowerCase()] ?? value
  }
  if (Array.isArray(value)) {
    return value.map((item) => recolored(item, twins))
  }
  if (value && typeof value === "object" && !ArrayBuffer.isView(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recolored(item, twins)]))
  }
  return value
}

// The series' names, each a button that shows or hides it; nothing for a single one.
function legendButtons(traces, hidden, paint) {
  const named = traces.filter((trace) => trace.showlegend !== false)
  if (named.length < 2) {
    return []
  }
  return named.map((trace) => {
    const swatch = h("i", {})
    swatch.style.background = trace.marker?.color ?? trace.line?.color
    swatch.classList.toggle("dashed", Boolean(trace.line?.dash))
    const toggle = () => {
      if (!hidden.delete(trace.name)) {
        hidden.add(trace.name)
      }
      paint()
    }
    const attributes = {type: "button", "aria-pressed": String(!hidden.has(trace.name)), title: "Show or hide"}
    return h("button", {...attributes, onclick: toggle}, swatch, trace.name)
  })
}

// As the chart stands on the page, with its background and title, so that it can be pasted anywhere.
async function savePicture(library, plot, title, background) {
  const layout = {
    ...plot.layout,
    paper_bgcolor: background,
    showlegend: plot.data.length > 1,
    title: {text: title.replaceAll("<", "&lt;"), x: 0.01, xanchor: "left", font: {size: 15}},
    margin: {l: 60, r: 20, t: 48, b: 70},
  }
  const url = await library.toImage({data: plot.data, layout}, {format: "png", width: 1000, height: 460, scale: 2})
  h("a", {href: url, download: `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png`}).click()
}

class ChartPanel {
  constructor(model, view) {
    this.model = model
    this.library = null
    this.hidden = new Set()
    this.isTable = false
    this.plot = h("div", {class: "plot"})
    this.frame = h("div", {class: "plot-frame", role: "application", tabindex: 0}, this.plot)
    this.keys = new PointKeys(
      this.frame,
      (point) => this.hover(point),
      model.clickable ? (point) => this.choose(point) : null,
    )
    this.frame.append(this.keys.said)
    this.table = h("div", {class: "as-table"})
    this.legend = h("div", {class: "series"})
    this.root = h("figure", {class: "panel"})
    const sizes = new ResizeObserver(() => this.fit())
    sizes.observe(this.frame)
    this.draw()
    model.on(["figure", "summary", "state", "message", "subtitle", "definition", "links"], () => this.draw())
    followTheme(model, view, this.root, () => this.paint())
    hideStale(model, this.root)
    model.on("lifecycle:remove", () => {
      sizes.disconnect()
      this.library?.purge(this.plot)
    })
  }

  draw() {
    keepingPlace(this.root, () => this.show())
  }

  show() {
    const {model, plot, root} = this
    const isOk = model.state === "ok"
    const save = () => savePicture(this.library, plot, model.title, getComputedStyle(root).backgroundColor)
    const picture = isOk && model.links.csv ? h("button", {type: "button", onclick: save}, "Picture (PNG)") : null
    const keys = model.clickable ? "Arrow keys read its points, Enter opens one." : "Arrow keys read its points."
    this.frame.setAttribute("aria-label", `Chart: ${model.summary || model.title} ${keys}`)
    plot.classList.toggle("clickable", model.clickable)
    fill(root, panelHead(model, root, picture), isOk ? [this.legend, this.frame, this.table] : placeholder(model))
    if (isOk) {
      root.querySelector(".tools").prepend(this.tableButton())
    }
    this.paint()
  }

  async paint() {
    const {model, plot, frame, root, hidden} = this
    if (model.state !== "ok" || !model.figure) {
      return
    }
    this.library = this.library ?? (await plotly(model))
    // A copy, because plotly writes into what it is given.
    const figure = recolored(structuredClone(model.figure), isDark(root) ? model.esm_constants.dark_twins : {})
    const buttons = legendButtons(figure.data, hidden, () => this.paint())
    fill(this.legend, buttons)
    this.legend.hidden = !buttons.length
    frame.style.minHeight = `${figure.layout.height}px`
    for (const trace of figure.data) {
      trace.visible = hidden.has(trace.name) ? "legendonly" : true
    }
    if (root.clientWidth < 480 && figure.layout.xaxis) {
      figure.layout.xaxis.nticks = 4
    }
    const {clientWidth: width, clientHeight: height} = frame
    const layout = {...figure.layout, autosize: false, showlegend: false, width, height}
    await this.library.react(plot, figure.data, layout, {displayModeBar: false, responsive: false})
    this.listenToClicks()
    this.showPoints()
  }

  // Plotly adds `on` with the first drawing.
  listenToClicks() {
    if (this.plot.dataset.listening) {
      return
    }
    this.plot.dataset.listening = "yes"
    this.plot.on("plotly_click", (event) => {
      const point = event.points[0]
      this.choose({key: point.customdata ?? point.x, series: point.data.name})
    })
    // A range that was brushed on an axis of time, whichever of several plots it was in.
    this.plot.on("plotly_selected", (event) => {
      const ends = Object.entries(event?.range ?? {}).find(([axis]) => axis.startsWith("x"))?.[1]
      if (ends?.length === 2) {
        this.model.send_msg({asked: ask(this.model), range: ends.map(String)})
      }
    })
  }

  choose({key, series}) {
    const {model} = this
    model.send_msg({asked: ask(model), click: {key, series}})
  }

  hover({curve, index}) {
    this.library.Fx.hover(this.plot, [{curveNumber: curve, pointNumber: index}])
  }

  tableButton() {
    const label = this.isTable ? "Show as chart" : "Show as table"
    const toggle = () => {
      this.isTable = !this.isTable
      this.draw()
    }
    const named = {title: label, "aria-label": `${label}: ${this.model.title}`, "aria-pressed": String(this.isTable)}
    return h("button", {type: "button", class: "icon-button as-table", ...named, onclick: toggle}, icon("table"))
  }

  // What is drawn, as points: plotly has decoded the arrays that come packed.
  showPoints() {
    const {model, plot, frame, table, keys, hidden} = this
    const places = chartPlaces(plot._fullData ?? [], hidden)
    keys.take(places)
    frame.hidden = this.isTable
    table.hidden = !this.isTable
    fill(table, this.isTable ? pointsTable(model.title, places, keys.choose) : null)
  }

  fit() {
    const {clientWidth: width, clientHeight: height} = this.frame
    const {layout} = this.plot
    if (this.library && layout && width && (width !== layout.width || height !== layout.height)) {
      this.library.relayout(this.plot, {width, height})
    }
  }
}

export function render({model, view}) {
  return new ChartPanel(model, view).root
}
