// The drawer of a page without filters: the way to the other pages, on a phone the only one.
export function render({model}) {
  const root = h("div", {class: "pages"})
  const draw = () => fill(root, pageLinks(model))
  draw()
  model.on(["pages", "current"], draw)
  return root
}
