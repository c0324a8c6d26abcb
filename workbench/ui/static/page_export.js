for (const script of document.querySelectorAll("script[data-for]")) {
  const figure = JSON.parse(script.textContent)
  const frame = document.getElementById(script.dataset.for)
  const layout = {
    ...figure.layout,
    width: frame.clientWidth,
    margin: {l: 56, r: 12, t: 12, b: 64},
    showlegend: figure.data.length > 1,
  }
  globalThis.moduleName.newPlot(frame, figure.data, layout, {displayModeBar: false})
}
