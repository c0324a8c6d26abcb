for (const script of document.querySelectorAll("script[data-for]")) {
  const figure = JSON.parse(script.textContent)
  const room = document.getElementById(script.dataset.for)
  const layout = {...figure.layout, width: room.clientWidth, margin: {l: 56, r: 12, t: 12, b: 64}, showlegend: figure.data.length > 1}
  globalThis.moduleName.newPlot(room, figure.data, layout, {displayModeBar: false})
}
