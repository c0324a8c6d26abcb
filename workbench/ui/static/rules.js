function ruleSwitch(rule, model) {
  const label = rule.is_on ? "On" : "Off"
  if (rule.is_built_in) {
    return h("span", {class: "fixed", title: "A built-in rule is always on."}, icon("info", 14), "Always on")
  }
  return h(
    "button",
    {
      type: "button",
      class: rule.is_on ? "switch on" : "switch",
      role: "switch",
      "aria-checked": String(rule.is_on),
      "aria-label": `${rule.rule} is ${label.toLowerCase()}`,
      title: model.may_switch ? `Switch it ${rule.is_on ? "off" : "on"}` : "Only an admin may switch it",
      disabled: !model.may_switch,
      onclick: () => model.send_msg({switch: {rule: rule.rule, is_on: !rule.is_on}}),
    },
    h("i", {"aria-hidden": "true"}),
    label,
  )
}

function ruleFacts(rule) {
  const facts = [
    ["When", rule.when],
    ["If", rule.condition],
    ["Then", rule.does],
  ]
  return h(
    "dl",
    {},
    facts.filter(([, text]) => text).map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
  )
}

function ruleMatches(tested) {
  if (!tested) {
    return null
  }
  return h(
    "div",
    {class: "tested", role: "status"},
    h("p", {}, tested.text),
    h(
      "ul",
      {},
      tested.matches.map((match) =>
        h(
          "li",
          {},
          h("span", {class: "note"}, `${match.at} · ${match.contact}`),
          h("span", {class: "text", dir: "auto"}, match.text),
          match.reply ? h("span", {class: "note"}, `Answer: ${match.reply}`) : null,
        ),
      ),
    ),
  )
}

function ruleElement(rule, model) {
  return h(
    "li",
    {class: rule.is_on ? "rule" : "rule off", "data-rule": rule.rule},
    h(
      "header",
      {},
      ruleSwitch(rule, model),
      h("h3", {}, rule.rule),
      h("span", {class: "note"}, rule.set_by),
      h("span", {class: "fired"}, rule.fired),
      rule.is_built_in
        ? null
        : h(
            "button",
            {
              type: "button",
              class: "quiet",
              title: "What it would have done in the last 7 days; changes nothing",
              onclick: () => model.send_msg({test: {rule: rule.rule}}),
            },
            "Test",
          ),
    ),
    ruleFacts(rule),
    ruleMatches(model.tests[rule.rule]),
  )
}

export function render({model, view}) {
  const root = h("section", {class: "panel"})
  const paint = () => {
    const notice = model.notice ? h("p", {class: "notice", role: "alert"}, model.notice) : null
    const rules = () =>
      h(
        "ol",
        {},
        model.rules.map((rule) => ruleElement(rule, model)),
      )
    fill(root, panelHead(model, root), notice, model.state === "ok" ? rules() : placeholder(model))
  }
  const draw = () => keepingPlace(root, paint)
  draw()
  model.on(["rules", "tests", "state", "message", "subtitle", "notice", "may_switch", "links"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
