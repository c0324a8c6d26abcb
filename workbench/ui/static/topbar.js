const THEME_COOKIE = "workbench_theme"

function rememberTheme(dark) {
  document.cookie = `${THEME_COOKIE}=${dark ? "dark" : "default"}; path=/; max-age=31536000; samesite=lax`
}

export function render({model, view}) {
  const root = h("div", {class: "topbar"})
  const draw = () =>
    fill(
      root,
      h("button", {type: "button", class: "skip", onclick: skipToContent}, "Skip to content"),
      h("a", {class: "brand", href: "./", title: "To the overview"}, brandMark(), h("span", {}, model.product)),
      model.badge ? h("span", {class: "badge", title: "Simulated traffic, not a real account"}, model.badge) : null,
      pageLinks(model),
      model.person.name ? signedIn(model.person) : null,
    )
  draw()
  model.on(["query", "pages"], draw)
  // The server knows neither the width of the window nor the wish of the system.
  const page = view.root.model.data
  const asked = new URLSearchParams(location.search).has("theme") || document.cookie.includes(`${THEME_COOKIE}=`)
  setTimeout(() => {
    if (!asked && matchMedia("(prefers-color-scheme: dark)").matches) {
      page.dark_theme = true
    }
    if (innerWidth < 900) {
      page.sidebar_open = false
    }
  })
  followTheme(model, view, root, rememberTheme)
  return root
}

// A link to an id does not reach into shadow roots, so the heading is looked for there.
function skipToContent() {
  const heading = firstHeading(document)
  if (heading) {
    heading.tabIndex = -1
    heading.focus()
  }
}

function firstHeading(root) {
  for (const element of root.querySelectorAll("*")) {
    const inside = element.localName === "h1" ? element : element.shadowRoot && firstHeading(element.shadowRoot)
    if (inside?.checkVisibility()) {
      return inside
    }
  }
  return null
}

function brandMark() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("width", "22")
  svg.setAttribute("height", "22")
  svg.setAttribute("aria-hidden", "true")
  for (const [d, name] of [
    ["M5 3h14a3 3 0 0 1 3 3v9a3 3 0 0 1-3 3h-7l-5 4v-4H5a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z", "bubble"],
    ["M7 14v-3M11 14V8M15 14v-4.5", "bars"],
  ]) {
    const path = document.createElementNS(svg.namespaceURI, "path")
    path.setAttribute("d", d)
    path.setAttribute("class", name)
    svg.append(path)
  }
  return svg
}

function signedIn(person) {
  return h(
    "form",
    {class: "person", method: "post", action: "./logout"},
    h("span", {class: "name", title: `Signed in as ${person.name}`}, person.name),
    h("span", {class: "role"}, person.role),
    h("button", {type: "submit"}, "Sign out"),
  )
}
