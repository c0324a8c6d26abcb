const LOADED = "__workbenchPlotly"

// One copy of plotly per document, whoever asks first; charts that carry no copy wait for one that does.
function plotly(model) {
  if (!globalThis[LOADED]) {
    let settle
    const promise = new Promise((resolve, reject) => { settle = {resolve, reject} })
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

function recolored(part, twins) {
  if (typeof part === "string") { return twins[part.toLowerCase()] ?? part }
  if (Array.isArray(part)) { return part.map((item) => recolored(item, twins)) }
  if (part && typeof part === "object" && !ArrayBuffer.isView(part)) {
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, recolored(value, twins)]))
  }
  return part
}

export function render({model, view}) {
  const plot = h("div", {class: "plot", role: "img"})
  const room = h("div", {class: "plot-room"}, plot)
  const legend = h("div", {class: "series"})
  const root = h("figure", {class: "panel"})
  const hidden = new Set()
  let library = null

  const drawLegend = (traces) => {
    const named = traces.filter((trace) => trace.showlegend !== false)
    const several = named.length > 1
    fill(legend, several ? named.map((trace) => {
      const swatch = h("i", {})
      swatch.style.background = trace.marker?.color ?? trace.line?.color
      return h("button", {type: "button", "aria-pressed": String(!hidden.has(trace.name)), title: "Show or hide", onclick: () => {
        hidden.has(trace.name) ? hidden.delete(trace.name) : hidden.add(trace.name)
        paint()
      }}, swatch, trace.name)
    }) : null)
    legend.hidden = !several
  }
  const paint = async () => {
    if (model.state !== "ok" || !model.figure) { return }
    library = library ?? await plotly(model)
    // A copy, because plotly writes into what it is given.
    const figure = recolored(structuredClone(model.figure), isDark(root) ? model.esm_constants.dark_twins : {})
    drawLegend(figure.data)
    room.style.minHeight = `${figure.layout.height}px`
    for (const trace of figure.data) { trace.visible = hidden.has(trace.name) ? "legendonly" : true }
    if (root.clientWidth < 480 && figure.layout.xaxis) { figure.layout.xaxis.nticks = 4 }
    const layout = {...figure.layout, autosize: false, showlegend: false, width: room.clientWidth, height: room.clientHeight}
    await library.react(plot, figure.data, layout, {displayModeBar: false, responsive: false})
    if (!plot.dataset.listening) {
      plot.dataset.listening = "yes"
      plot.on("plotly_click", (event) => {
        const point = event.points[0]
        model.send_msg({click: {key: point.customdata ?? point.x, series: point.data.name}})
      })
    }
  }
  const savePicture = async () => {
    // As it stands on the page, with a ground of its own and its title, so that it can be pasted anywhere.
    const layout = {...plot.layout, paper_bgcolor: getComputedStyle(root).backgroundColor, showlegend: plot.data.length > 1,
      title: {text: model.title.replaceAll("<", "&lt;"), x: 0.01, xanchor: "left", font: {size: 15}}, margin: {l: 60, r: 20, t: 48, b: 70}}
    const url = await library.toImage({data: plot.data, layout}, {format: "png", width: 1000, height: 460, scale: 2})
    h("a", {href: url, download: `${model.title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png`}).click()
  }
  const draw = () => keepingPlace(root, show)
  const show = () => {
    plot.setAttribute("aria-label", model.summary || model.title)
    plot.classList.toggle("clickable", model.clickable)
    const picture = model.state === "ok" && model.links.csv
      ? h("button", {type: "button", onclick: savePicture}, "Picture (PNG)") : null
    fill(root, panelHead(model, root, picture), model.state === "ok" ? [legend, room] : placeholder(model))
    paint()
  }
  const sizes = new ResizeObserver(() => {
    const {clientWidth: width, clientHeight: height} = room
    if (library && plot.layout && width && (width !== plot.layout.width || height !== plot.layout.height)) {
      library.relayout(plot, {width, height})
    }
  })
  sizes.observe(room)
  draw()
  model.on(["figure", "state", "message", "subtitle", "definition", "links"], draw)
  followTheme(model, view, root, paint)
  model.on("lifecycle:remove", () => {
    sizes.disconnect()
    if (library) { library.purge(plot) }
  })
  return root
}
