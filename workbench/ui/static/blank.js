export function render({model, view}) {
  const root = h("section", {class: "whole", role: model.failed ? "alert" : "status"})
  const draw = () =>
    fill(
      root,
      h("h1", {}, model.title),
      h("p", {}, model.message),
      model.commands.length
        ? h(
            "dl",
            {},
            model.commands.map(([command, text]) => [h("dt", {}, h("code", {}, command)), h("dd", {}, text)]),
          )
        : null,
      model.link ? h("p", {}, h("a", {href: model.link}, model.link_text)) : null,
    )
  draw()
  model.on(["title", "message", "commands", "link", "link_text"], draw)
  followTheme(model, view, root, () => {})
  return root
}
