"""The pages around signing in: plain HTML in the product's look, no script and no foreign address."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.ui import theme

_MARK = (
    '<svg viewBox="0 0 24 24" width="30" height="30" aria-hidden="true"><path class="bubble" '
    'd="M5 3h14a3 3 0 0 1 3 3v9a3 3 0 0 1-3 3h-7l-5 4v-4H5a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z"/>'
    '<path class="bars" d="M7 14v-3M11 14V8M15 14v-4.5"/></svg>'
)
_CSS = """
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; 
  padding: 24px 16px; background: var(--wb-page); color: var(--wb-ink); font: 15px/1.5 var(--wb-font); }
main { width: 100%; max-width: 380px; background: var(--wb-surface); border: 1px solid var(--wb-line);
  border-radius: 12px; padding: 32px 32px 28px; }
.brand { display: flex; align-items: center; gap: 11px; font-size: 19px; font-weight: 650;
  letter-spacing: -0.02em; }
.bubble { fill: var(--wb-accent); }
.bars { fill: none; stroke: var(--wb-surface); stroke-width: 2.2; stroke-linecap: round; }
h1 { font-size: 15px; font-weight: 500; color: var(--wb-ink-2); margin: 6px 0 22px; }
label { display: block; font-size: 13.5px; font-weight: 550; margin: 16px 0 6px; }
input { width: 100%; height: 44px; padding: 0 12px; font: inherit; font-size: 16px; color: var(--wb-ink);
  background: var(--wb-surface); border: 1px solid var(--wb-line-strong); border-radius: 8px; }
button, a.button { display: flex; align-items: center; justify-content: center; width: 100%;
  min-height: 44px; margin-top: 22px; padding: 8px 14px; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none;
  color: var(--wb-surface); background: var(--wb-accent); border: 0; border-radius: 8px; cursor: pointer; }
button:hover, a.button:hover { filter: brightness(1.08); }
:is(input, button, a):focus-visible { outline: 2px solid var(--wb-accent); outline-offset: 2px; }
.alert { margin: 0 0 4px; padding: 10px 12px; border-radius: 8px; background: var(--wb-bad-soft);
  color: var(--wb-bad); font-size: 14px; overflow-wrap: anywhere; }
.note { margin: 20px 0 0; font-size: 13px; color: var(--wb-ink-3); }
.text { margin: 14px 0 0; font-size: 14px; overflow-wrap: anywhere; }
p a { color: var(--wb-accent); }
@media (max-width: 479px) { main { padding: 26px 20px 22px; } }
"""


def password_page(next_path: str, error: str = "", name: str = "", dark: bool | None = None) -> str:
    """Asks for name and password; ``error`` says why the last try failed."""
    # The name stays after a failure, and the cursor goes to what has to be typed again.
    at_name, at_password = ("", " autofocus") if name else (" autofocus", "")
    return _page(
        "Sign in",
        f"""{_alert(error)}<form method="post" action="/login">
<input type="hidden" name="next" value="{escape(next_path)}">
<label for="name">Name</label>
<input id="name" name="name" value="{escape(name)}" autocomplete="username" autocapitalize="none"
 spellcheck="false" maxlength="64" required{at_name}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="512"
 required{at_password}>
<button>Sign in</button></form>
<p class="note">Passwords are set by whoever runs this workbench.</p>""",
        dark,
    )


def provider_page(start: str, label: str, error: str = "", dark: bool | None = None) -> str:
    """Leads to the OpenID provider; ``start`` is the address that does."""
    link = f'<a class="button" href="{escape(start)}">Continue with {escape(label)}</a>'
    return _page("Sign in", f"{_alert(error)}{link}", dark)


def sign_out_page(name: str, dark: bool | None = None) -> str:
    """Asks before it signs out: an address alone must not do it."""
    form = '<form method="post" action="/logout"><button autofocus>Sign out</button></form>'
    return _page(f"You are signed in as {name}", form, dark)


def refusal_page(title: str, message: str, dark: bool | None = None) -> str:
    """Says why not."""
    back = '<p class="note"><a href="/login">Back to signing in</a></p>'
    return _page(title, f"{_alert(message)}{back}", dark)


def notice_page(title: str, message: str, remedies: Sequence[str], dark: bool | None = None) -> str:
    """Says why nothing is shown, and what to do; all of it is text."""
    return _page(
        title, _alert(message) + "".join(f'<p class="text">{escape(text)}</p>' for text in remedies), dark
    )


def _alert(text: str) -> str:
    return f'<p class="alert" role="alert">{escape(text)}</p>' if text else ""


def _page(title: str, content: str, dark: bool | None) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>{escape(title)} · Workbench</title><style>{_tokens(dark)}{theme.font_css()}{_CSS}</style></head>
<body><main><div class="brand">{_MARK}<span>Workbench</span></div><h1>{escape(title)}</h1>
{content}</main></body></html>"""


def _tokens(dark: bool | None) -> str:
    """The theme's colours; the system's wish decides unless light or dark was chosen on a page before."""
    scheme = {None: "light dark", True: "dark", False: "light"}[dark]
    colours = "".join(
        f"--wb-{name}:light-dark({day},{night});" for name, (day, night) in theme.TOKENS.items()
    )
    return f":root{{color-scheme:{scheme};{colours}--wb-font:{theme.FONT}}}"
