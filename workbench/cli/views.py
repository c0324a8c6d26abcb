"""Commands of saved views: list, show, save, edit, delete, restore, and of their mails."""

from __future__ import annotations

import click

from workbench.api import Workbench
from workbench.cli.group import ListGroup, main
from workbench.cli.options import format_option
from workbench.cli.output import print_frame, say


@main.group(cls=ListGroup)
def views() -> None:
    """Saved views of the page Explore: files in `views/` of the home (docs/explore.md)."""


@views.command(name="list")
@format_option()
def list_views(format: str) -> None:
    """List the views that you may see."""
    with Workbench() as wb:
        frame = wb.views.list()
    print_frame(frame, format)
    for problem in frame.attrs["problems"]:
        say(problem, err=True)


@views.command()
@click.argument("name")
@format_option()
def show(name: str, format: str) -> None:
    """Show the numbers of the view NAME as they are now."""
    with Workbench() as wb:
        frame = wb.views.show(name)
    facts = frame.attrs
    if format == "table":
        say(f"{facts['title']}: {facts['period']}, as of {facts['as_of']}", err=True)
    for problem in facts["problems"]:
        say(problem, err=True)
    print_frame(frame, format)


@views.command()
@click.argument("link")
@click.option("--title", required=True, help="As lists show it.")
@click.option("--name", help="Of the file. Default: from the title.")
@click.option("--folder", default="", help="Under which lists show it; an empty text for none.")
@click.option("--shared", is_flag=True, help="Everybody who signs in sees it; else its owner alone.")
def save(link: str, title: str, name: str | None, folder: str, shared: bool) -> None:
    """Save the question of LINK, an address of the page Explore; a view of the same name is replaced.

    Example: workbench views save "explore?metric=undelivered_rate&by=country" --title "By country"
    """
    with Workbench() as wb:
        view = wb.views.save(link, title=title, name=name, folder=folder, shared=shared)
    say(f"Saved as {view.name}. `workbench views show {view.name}` shows its numbers.", err=True)


@views.command()
@click.argument("name")
@click.option("--title", help="As lists show it.")
@click.option("--folder", help="Under which lists show it; an empty text for none.")
@click.option(
    "--shared/--no-shared", default=None, help="Everybody who signs in sees it; else its owner alone."
)
def edit(name: str, title: str | None, folder: str | None, shared: bool | None) -> None:
    """Rename, move, share the view NAME or make it private; links to it stay good."""
    with Workbench() as wb:
        view = wb.views.edit(name, title=title, folder=folder, shared=shared)
    say(f"{view.name} is {view.title!r} now.", err=True)


@views.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete the view NAME; `workbench views restore NAME` puts it back."""
    with Workbench() as wb:
        wb.views.delete(name)
    say(f"{name} is deleted. `workbench views restore {name}` puts it back.", err=True)


@views.command()
@click.argument("name")
def restore(name: str) -> None:
    """Put back the view NAME that was deleted."""
    with Workbench() as wb:
        wb.views.restore(name)
    say(f"{name} is back.", err=True)


@views.command()
@click.argument("name")
@click.option("--every", required=True, type=click.Choice(["day", "week", "month"]), help="How often.")
@click.option("--to", multiple=True, required=True, help="An address, as ann@example.com; may be repeated.")
def subscribe(name: str, every: str, to: tuple[str, ...]) -> None:
    """Mail the view NAME each day, week or month, with its picture and numbers; needs [smtp]."""
    with Workbench() as wb:
        made = wb.views.subscribe(name, every=every, to=to)
    say(f"{made.name}: {name} is mailed every {every}, from the next one on.", err=True)


@views.command()
@click.argument("name")
def unsubscribe(name: str) -> None:
    """Mail the subscription NAME no more; `workbench views subscriptions` lists them."""
    with Workbench() as wb:
        wb.views.unsubscribe(name)
    say(f"{name} is not mailed any more.", err=True)


@views.command()
@format_option()
def subscriptions(format: str) -> None:
    """List the views that are mailed, and how the last mail of each ended."""
    with Workbench() as wb:
        frame = wb.views.subscriptions()
    print_frame(frame, format)
    for problem in frame.attrs["problems"]:
        say(problem, err=True)
