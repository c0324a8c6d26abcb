export function render({model, view}) {
  const root = h("section", {class: "panel"})
  // The address bar knows the page's filters; a finding may add one.
  const address = (item) => {
    const query = new URLSearchParams(window.location.search)
    for (const [name, value] of Object.entries(item.query)) {
      query.set(name, value)
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
  const draw = () => {
    fill(root, panelHead(model, root), model.state === "ok" ? h("ul", {}, model.items.map(entry)) : placeholder(model))
  }
  draw()
  model.on(["items", "state", "message", "subtitle"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
