# SPDX-License-Identifier: Apache-2.0
"""--web.notice: at the head of the page, as text and never as markup, and in the log."""
import html.parser

from local import SKYLAKE, Exporter, ask, case, get_request

TEXT = "<script>alert(1)</script> & \"größer\" {{version}} 'x'"


class Notice(html.parser.HTMLParser):
    """The text of the element with that id, and whether there is markup in it."""

    def __init__(self, text):
        super().__init__()
        self.inside, self.text, self.tags = False, "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if self.inside:
            self.tags.append(tag)
        self.inside |= dict(attrs).get("id") == "notice"

    def handle_endtag(self, tag):
        self.inside &= tag != "p"

    def handle_data(self, data):
        if self.inside:
            self.text += data


def notice(exporter):
    return Notice(ask(exporter.port, get_request("/")).body.decode())


def main(checks):
    exporter = Exporter(SKYLAKE, f"--web.notice={TEXT}")
    found = notice(exporter)
    checks.same((found.text, found.tags), (TEXT, []), "the notice is text on the page")
    said = [line for line in exporter.log().splitlines() if "msg=notice" in line]
    checks.that(len(said) == 1 and "level=info" in said[0] and "größer" in said[0],
                f"and one line of the log: {said}")
    checks.that("alert(1)" not in exporter.scrape().text, "it is in no metric")
    exporter.stop()
    for flags in ((), ("--web.notice=",)):
        exporter = Exporter(SKYLAKE, *flags)
        checks.same(notice(exporter).text, "", f"{flags}: no notice")
        checks.that("msg=notice" not in exporter.log(), f"{flags}: none in the log")
        exporter.stop()


case(main)
