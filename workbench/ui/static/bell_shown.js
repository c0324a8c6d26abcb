// What of the news is shown outside of the bell: notifications of the browser, the tab's title and its icon.

Object.assign(ICONS, {
  bell: "M18 16v-5a6 6 0 1 0-12 0v5l-2 2h16zM10 21h4",
})

const SHOWN_KEY = "workbench-shown-notices"
const MOST_SHOWN = 200
// Tabs that do not show the conversation wait: the one that does says first that the person is looking at it.
const WAIT_FOR_LOOKING_MS = 1_500

// Whether this browser may show notifications: granted, denied, default (not asked yet), or impossible here.
function permission() {
  return typeof Notification === "function" && window.isSecureContext ? Notification.permission : "impossible"
}

// The notices that some tab of this browser has shown or seen: by id, with how many events it said.
function shownNotices() {
  try {
    return new Map(JSON.parse(localStorage.getItem(SHOWN_KEY)) || [])
  } catch {
    return new Map()
  }
}

// Runs `work` in one tab at a time, so that of several tabs one shows a notice.
function alone(work) {
  return navigator.locks ? navigator.locks.request(SHOWN_KEY, work) : work()
}

function isLookingAt(conversation) {
  return isInFront() && new URLSearchParams(location.search).get("conversation") === conversation
}

class Shown {
  constructor() {
    // By the server's clock, when this page was opened: what came before is unread and no news.
    this.since = new Date()
    this.news = {unread: 0, notices: []}
    this.timers = new Set()
  }

  take(news) {
    this.news = news
    countInTab(news.unread)
    for (const notice of news.notices) {
      if (new Date(notice.at) < this.since) {
        continue
      }
      const wait = isLookingAt(notice.conversation) ? 0 : WAIT_FOR_LOOKING_MS
      const timer = setTimeout(() => {
        this.timers.delete(timer)
        this.show(notice)
      }, wait)
      this.timers.add(timer)
    }
  }

  async show(notice) {
    // Read or answered in the meantime, or told with more events.
    const isCurrent = this.news.notices.some((each) => each.id === notice.id && each.events === notice.events)
    if (!isCurrent || permission() !== "granted") {
      return
    }
    await alone(() => {
      const shown = shownNotices()
      const before = shown.get(notice.id) || 0
      if (before >= notice.events) {
        return
      }
      shown.set(notice.id, notice.events)
      localStorage.setItem(SHOWN_KEY, JSON.stringify([...shown].slice(-MOST_SHOWN)))
      if (!isLookingAt(notice.conversation)) {
        notify(notice, before > 0)
      }
    })
  }

  close() {
    for (const timer of this.timers) {
      clearTimeout(timer)
    }
  }
}

// A burst that goes on replaces its notification without a sound.
function notify(notice, isLonger) {
  const shown = new Notification(notice.title, {body: notice.text, tag: notice.id, silent: isLonger})
  shown.onclick = () => {
    window.focus()
    shown.close()
    openConversation(notice.conversation)
  }
}

// In the inbox the conversation is opened where it stands, from another page the inbox is.
function openConversation(conversation) {
  const query = conversation ? `?conversation=${encodeURIComponent(conversation)}` : ""
  if (location.pathname.endsWith("/inbox")) {
    history.pushState(null, "", location.pathname + query)
    dispatchEvent(new PopStateEvent("popstate"))
  } else {
    location.assign(`./inbox${query}`)
  }
}

function countInTab(unread) {
  const title = document.title.replace(/^\(\d+\) /, "")
  document.title = unread ? `(${unread}) ${title}` : title
  markIcon(unread)
}

function markIcon(unread) {
  let link = document.querySelector("link[rel~=icon]")
  if (!link && !unread) {
    return
  }
  if (!link) {
    link = document.createElement("link")
    link.rel = "icon"
    document.head.append(link)
  }
  link.dataset.plain = link.dataset.plain ?? link.href
  if (!unread) {
    link.href = link.dataset.plain
    return
  }
  const canvas = document.createElement("canvas")
  canvas.width = 64
  canvas.height = 64
  const pen = canvas.getContext("2d")
  const paint = () => {
    pen.fillStyle = "#a93420"
    pen.beginPath()
    pen.arc(40, 40, 24, 0, 2 * Math.PI)
    pen.fill()
    pen.fillStyle = "#ffffff"
    pen.font = "bold 34px sans-serif"
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.fillText(unread > 9 ? "9+" : String(unread), 40, 42)
    link.href = canvas.toDataURL("image/png")
  }
  const image = new Image()
  image.onload = () => {
    pen.drawImage(image, 0, 0, 64, 64)
    paint()
  }
  image.onerror = paint
  if (link.dataset.plain) {
    image.src = link.dataset.plain
  } else {
    paint()
  }
}
