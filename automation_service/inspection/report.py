"""What was seen of a portal as a page of HTML that stands alone, with pictures."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from automation_service.inspection.stage import Mark, Stage
from automation_service.profile import Profile

_STYLE = """
body {font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 70em; color: #222}
table {border-collapse: collapse; width: 100%} td, th {border: 1px solid #ccc; padding: .2em .5em;
text-align: left; vertical-align: top} img {max-width: 100%; border: 1px solid #ccc; margin: 1em 0}
.fault {color: #b00020; font-weight: bold} .warning {color: #8a5300} .good {color: #1b5e20}
code {background: #f4f4f4}
"""


LONGEST_VALUE = 200
"""Characters that are told of what was read in one place."""

# It may be opened from a disk, where nobody sends a policy with it. What a portal's page says is
# only ever text in here; this is for the day on which that is not so.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def report(profile: Profile, stages: list[Stage], base_url: str, title: str = "") -> str:
    """The whole page. Without `title` it is that of a trial."""
    failed = [stage for stage in stages if stage.fault]
    verdict = (
        f'<p class="fault">Failed: {escape(failed[0].title)}</p>'
        if failed
        else '<p class="good">Everything was found, up to the step with the effect.</p>'
    )
    title = f"{title or 'Trial of the profile'} {profile.name}, version {profile.version}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title>"
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1><p>On {escape(base_url)}</p>{verdict}"
        + "".join(_stage(stage) for stage in stages)
        + "</html>\n"
    )


def _stage(stage: Stage) -> str:
    parts = [
        f"<h2>{escape(stage.title)}</h2>",
        f"<p>{stage.seconds:.2f} s. {escape(stage.told)}</p>",
    ]
    if stage.fault:
        parts.append(f'<p class="fault">{escape(stage.fault)}</p>')
    parts += [f'<p class="warning">{escape(warning)}</p>' for warning in stage.all_warnings]
    if stage.alike:
        parts.append("<p>What looks alike on the page:</p><ul>")
        parts += [f"<li><code>{escape(one)}</code></li>" for one in stage.alike]
        parts.append("</ul>")
    if stage.marks:
        head = "<tr><th>what</th><th>where</th><th>found</th><th>shown</th><th>read</th></tr>"
        parts.append(f"<table>{head}{''.join(_row(mark) for mark in stage.marks)}</table>")
    if stage.picture:
        picture = b64encode(stage.picture).decode()
        parts.append(f'<img alt="{escape(stage.title)}" src="data:image/jpeg;base64,{picture}">')
    return "".join(parts)


def _row(mark: Mark) -> str:
    cells = (mark.name, mark.locator, mark.count, mark.shown, (mark.value or "")[:LONGEST_VALUE])
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
