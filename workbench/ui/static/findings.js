export function render({model, view}) {
  const root = h("section", {class: "panel"})
  // The address bar knows the page's filters; a finding may add one.
  const address = (item) => {
    const query = new URLSearchParams(window.location.search)
    for (const [name, value] of Object.entries(item.query)) {
      query.delete(name)
      for (const each of [value].flat()) {
        query.append(name, each)
      }
    }
    return query.size ? `${item.page}?${query}` : item.page
  }
  const more = (item) => {
    const link = h("a", {class: "more", href: address(item)}, item.link, icon("chevron", 13))
    for (const name of ["pointerdown", "focus", "mouseenter"]) {
      link.addEventListener(name, () => {
        link.href = address(item)
      })
    }
    return link
  }
  const entry = (item) =>
    h(
      "li",
      {class: item.sense},
      h(
        "span",
        {class: "mark", "aria-hidden": "true"},
        icon(item.sense === "bad" ? "warning" : item.sense === "good" ? "up" : "info", 16),
      ),
      h(
        "div",
        {},
        h("p", {class: "what"}, h("strong", {}, item.title), model.linked && item.link ? more(item) : null),
        h("p", {class: "why"}, item.text),
      ),
    )
  let showsAll = false
  const list = () => {
    const items = showsAll ? model.items : model.items.slice(0, model.shown)
    const hidden = model.items.length - items.length
    const showAll = () => {
      showsAll = true
      draw()
    }
    const all = hidden
      ? h("button", {class: "all", type: "button", onclick: showAll}, `Show all ${model.items.length}`)
      : null
    return [h("ul", {}, items.map(entry)), all]
  }
  const draw = () => {
    fill(root, panelHead(model, root), ...(model.state === "ok" ? list() : [placeholder(model)]))
  }
  draw()
  model.on(["items", "shown", "state", "message", "subtitle"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
