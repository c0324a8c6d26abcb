function ago(iso) {
  const minutes = Math.max(0, Math.floor((Date.now() - new Date(iso)) / 60000))
  if (minutes < 1) {
    return "just now"
  }
  if (minutes < 60) {
    return `${minutes} min ago`
  }
  if (minutes < 60 * 48) {
    return `${Math.floor(minutes / 60)} h ago`
  }
  return `${Math.floor(minutes / 1440)} days ago`
}

function freshnessLine(fresh) {
  if (!fresh.as_of) {
    return null
  }
  const late = fresh.last_sync_at && Date.now() - new Date(fresh.last_sync_at) > 24 * 3600e3
  const synced = fresh.last_sync_at ? `synced ${ago(fresh.last_sync_at)}` : "never synced"
  return h(
    "p",
    {class: "freshness", role: "status"},
    h("span", {}, `as of ${fresh.as_of}`),
    h(
      "span",
      {class: late || !fresh.last_sync_at ? "late" : null, title: fresh.last_sync_at || "Run: workbench sync"},
      synced,
    ),
    h("span", {title: "Outbound messages whose outcome is still to come"}, `${fresh.open} in flight`),
    h("span", {title: "Share of final outbound messages that have their price"}, `${fresh.priced} priced`),
    fresh.failed
      ? h("span", {class: "late", title: "Run: workbench status"}, `scheduled ${fresh.failed} failed`)
      : null,
  )
}

const MANUAL = "workbench_manual_refresh"

function crumbTrail(model) {
  if (!model.crumbs.length) {
    return null
  }
  return h(
    "nav",
    {class: "crumbs", "aria-label": "Breadcrumb"},
    h(
      "ol",
      {},
      model.crumbs.map((crumb) =>
        h(
          "li",
          {},
          crumb.href
            ? h(
                "a",
                {
                  href: crumb.href,
                  onclick: (event) => {
                    if (!crumb.in_page || event.ctrlKey || event.metaKey || event.shiftKey) {
                      return
                    }
                    event.preventDefault()
                    model.send_msg({asked: ask(model), address: new URL(crumb.href, location.href).search})
                  },
                },
                crumb.text,
              )
            : h("span", {"aria-current": "page"}, crumb.text),
        ),
      ),
    ),
  )
}

// The page's filters with days that do not move on.
function withFixedDays(model) {
  const query = new URLSearchParams(model.query)
  query.delete("period")
  query.set("since", model.period.since)
  query.set("until", model.period.until)
  return `?${query}`
}

// A link to this view for others, with its days or with the words that move on; or these days for good.
function shareMenu(model) {
  if (!model.period.since) {
    return null
  }
  const copied = h("span", {class: "copied", role: "status"})
  const copy = (query) => async () => {
    await navigator.clipboard.writeText(location.origin + location.pathname + query)
    copied.textContent = "Copied"
  }
  const entry = (label, act) => h("button", {type: "button", onclick: act}, label)
  return [
    copied,
    menu("Share this view", icon("link"), [
      entry("Copy link to these days", () => copy(withFixedDays(model))()),
      entry("Copy link, days move on", () => copy(model.query)()),
      entry("Fix these days", () => model.send_msg({asked: ask(model), address: withFixedDays(model)})),
    ]),
  ]
}

// Changes of the lake are drawn without a click, or wait for one; this browser remembers which.
function pageTools(model) {
  if (!model.owns_address) {
    return null
  }
  const toggle = () => {
    const auto = !model.auto
    auto ? localStorage.removeItem(MANUAL) : localStorage.setItem(MANUAL, "yes")
    model.send_msg({auto})
  }
  return h(
    "div",
    {class: "tools"},
    model.has_changes
      ? h(
          "button",
          {type: "button", class: "quiet fresh", onclick: () => model.send_msg({refresh: true})},
          "New data: show it",
        )
      : null,
    h(
      "button",
      {
        type: "button",
        class: "quiet auto",
        role: "switch",
        "aria-checked": String(model.auto),
        onclick: toggle,
        title: "Draw again by itself when a sync brings something new",
      },
      icon("refresh", 13),
      h("span", {}, "Auto refresh"),
    ),
    shareMenu(model),
    model.links.length
      ? menu(
          "Download this page",
          icon("download"),
          model.links.map((link) => h("a", {href: link.href, download: true}, link.label)),
        )
      : null,
  )
}

export function render({model, view}) {
  const root = h("header", {class: "head"})
  const draw = () => keepingPlace(root, paint)
  const paint = () => {
    const chips = model.chips.map((chip) =>
      h(
        "li",
        {class: "chip"},
        h("span", {class: "field"}, chip.label),
        h("span", {}, chip.kind === "country" ? countryName(chip.token) : chip.text || chip.token),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": `Remove filter ${chip.label} ${chip.text || chip.token}`,
            onclick: () => model.send_msg({asked: ask(model), remove: [chip.name, chip.token]}),
          },
          icon("close", 12),
        ),
      ),
    )
    const notice = h(
      "div",
      {class: "notice", role: "status"},
      icon("warning", 16),
      h(
        "div",
        {},
        h("p", {}, "Part of what was asked for is not possible here and was left out."),
        h(
          "ul",
          {},
          model.notices.map((text) => h("li", {}, text)),
        ),
      ),
      h(
        "button",
        {type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => model.send_msg({dismiss: true})},
        icon("close", 14),
      ),
    )
    fill(
      root,
      crumbTrail(model),
      h(
        "div",
        {class: "title"},
        h("h1", {}, model.title),
        h("div", {class: "state"}, freshnessLine(model.freshness), pageTools(model)),
      ),
      h("p", {class: "period"}, h("strong", {}, model.period.label || ""), model.period.text || ""),
      chips.length
        ? h(
            "ul",
            {class: "chips"},
            chips,
            h(
              "li",
              {},
              h(
                "button",
                {type: "button", class: "quiet", onclick: () => model.send_msg({asked: ask(model), reset: true})},
                "Clear filters",
              ),
            ),
          )
        : null,
      model.notices.length ? notice : null,
    )
  }
  draw()
  model.on(["title", "freshness", "period", "chips", "notices", "crumbs", "links", "auto", "has_changes"], draw)
  model.on("goto", () => {
    if (model.goto) {
      location.assign(model.goto)
    }
  })
  followTheme(model, view, root, () => {})
  leadPanels(model)
  const clock = setInterval(draw, 30000)
  model.on("lifecycle:remove", () => clearInterval(clock))
  if (model.owns_address) {
    followAddress(model)
    // Sent once the server has drawn something: an earlier message would be lost.
    let isSent = false
    model.on("freshness", () => {
      if (!isSent && localStorage.getItem(MANUAL)) {
        model.send_msg({auto: false})
      }
      isSent = true
    })
  }
  return root
}

// The address bar says what the page shows, and Back and Forward lead through what it showed.
function followAddress(model) {
  const shown = () => location.search.replace(/([?&])theme=[^&]*&?/, "$1").replace(/[?&]$/, "")
  let quiet = false
  model.on("query", () => {
    if (!quiet && model.query !== shown()) {
      history.pushState({}, "", location.pathname + model.query + location.hash)
    }
    quiet = false
  })
  const back = () => {
    quiet = shown() !== model.query
    model.send_msg({asked: ask(model), address: location.search})
  }
  addEventListener("popstate", back)
  model.on("lifecycle:remove", () => removeEventListener("popstate", back))
}
