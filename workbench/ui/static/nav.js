function pageLinks(model) {
  return h(
    "nav",
    {"aria-label": "Pages"},
    model.pages.map((page) =>
      h(
        "a",
        {
          href: `${page.name}${model.query}`,
          "aria-current": page.name === model.current ? "page" : null,
          title: page.description,
        },
        page.title,
      ),
    ),
  )
}
