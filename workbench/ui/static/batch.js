// One text to many: what preflight says of all of them, and a typed number before anything goes.

const LOOK_MS = 1_500
const CHECK_MS = 600

function render({model, el}) {
  const root = shadowOf(el, CSS), link = connect(model), unfollow = followHost(el)
  el.style.setProperty("--inbox-height", "auto")
  const S = {count: 0, columns: [], check: null, asked: 0, running: false, progress: {}, result: null, trouble: ""}
  const text = h("textarea", {rows: 4, "aria-label": "Text", placeholder: "Write the text; {{ column }} is filled for each recipient"})
  const typed = h("input", {type: "text", inputmode: "numeric", autocomplete: "off", "aria-label": "How many recipients"})
  const area = h("div"), box = h("div", {class: "inbox"}, h("div", {class: "composer batch"}, text, area))
  root.append(box)
  for (const name of ["keydown", "keyup", "keypress"]) { box.addEventListener(name, (event) => event.stopPropagation()) }
  const number = (value) => Number(value || 0).toLocaleString("en")
  let timer = 0

  function check() {
    clearTimeout(timer)
    S.check = null
    draw()
    if (!text.value.trim()) { return }
    const turn = ++S.asked
    timer = setTimeout(async () => {
      try { const found = await link.ask("check", {body: text.value}); if (turn === S.asked) { S.check = found; S.trouble = "" } }
      catch (error) { if (turn === S.asked) { S.trouble = error.message } }
      draw()
    }, CHECK_MS)
  }

  async function send() {
    try { take(await link.ask("send", {body: text.value, typed: typed.value})); S.trouble = ""; typed.value = "" }
    catch (error) { S.trouble = error.message }
    draw()
  }

  function take(news) {
    const ended = S.running && !news.running
    Object.assign(S, {running: news.running, progress: news.progress, result: news.result})
    if (ended) { check() }
  }

  function draw() {
    const found = S.check
    text.disabled = S.running
    typed.disabled = S.running
    typed.placeholder = `Type ${S.count} to confirm`
    const cost = found && (found.costs.length ? `about ${found.costs.join(" + ")}` : "price unknown")
    fill(area,
      S.columns.length ? h("p", {class: "said"}, "Blanks: ", S.columns.map((name) => h("code", {class: "chip"}, `{{ ${name} }}`))) : null,
      found ? h("ul", {class: "previews"}, found.previews.map((one) => h("li", {}, h("small", {}, `${one.to}, ${one.segments} segment${one.segments === 1 ? "" : "s"}`), h("div", {class: "bubble", dir: "auto"}, one.text)))) : null,
      found && found.reasons.length ? h("ul", {class: "reasons"}, found.reasons.map((one) => h("li", {class: one.verdict},
        icon(one.verdict === "block" ? "stop" : "warning", 14), h("span", {}, `${number(one.count)} × ${one.text}`)))) : null,
      S.trouble ? h("p", {class: "said bad", role: "alert"}, S.trouble) : null,
      S.result ? h("p", {class: S.result.failed ? "said bad" : "said", role: "status"}, S.result.text) : null,
      S.running ? h("progress", {max: S.progress.total || 1, value: S.progress.done || 0, "aria-label": "Sent so far"}) : null,
      h("div", {class: "foot"},
        h("div", {class: "tally", role: "status"},
          S.running ? h("span", {}, `Sending ${number(S.progress.done)} of ${number(S.progress.total)}${S.progress.eta ? `, ${Math.ceil(S.progress.eta)} s to go` : ""}`)
            : found ? [h("span", {}, h("b", {}, number(found.going)), ` of ${number(S.count)} recipients`),
              h("span", {}, `${number(found.segments)} segments`), h("span", {}, cost),
              found.verdicts.block ? h("span", {class: "said bad"}, `${number(found.verdicts.block)} blocked`) : null,
              found.sent ? h("span", {}, `${number(found.sent)} sent before`) : null]
              : h("span", {}, text.value.trim() ? "Checking …" : `${number(S.count)} recipients`)),
        S.running ? h("button", {class: "quiet", type: "button", onclick: async () => take(await link.ask("stop"))}, "Stop")
          : [typed, h("button", {class: "primary", type: "button", disabled: !found || !found.going, onclick: send}, "Send")]))
  }

  text.addEventListener("input", check)
  const watch = setInterval(async () => {
    if (!S.running || !el.isConnected) { return }
    try { take(await link.ask("progress")) } catch (error) { S.trouble = error.message }
    draw()
  }, LOOK_MS)
  link.ask("start").then((found) => {
    Object.assign(S, {count: found.count, columns: found.columns})
    text.value = found.text
    take(found)
    check()
  }).catch((error) => { S.trouble = error.message; draw() })
  return () => { clearInterval(watch); unfollow(); link.close() }
}

export default {render}
