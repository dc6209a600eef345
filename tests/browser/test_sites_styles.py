"""Banner, dialog and the link to the settings in pages whose own style sheets reach for bare elements.

What they look like there is compared with a page that has no style at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from browser.looks import focus_is_seen, layout_shift, look, tab_to

if TYPE_CHECKING:
    from conftest import Visitor
    from playwright.sync_api import FloatRect, Locator, Page

pytestmark = pytest.mark.browser

Make = Callable[..., Any]
POLICY: dict[str, Any] = {
    "use": ["google-analytics", "facebook", "tawk-to"],
    "site": {"name": "Fernhill Outdoor", "contact": "privacy@shop.test"},
}
SIZES = [pytest.param(1000, 700, id="wide"), pytest.param(360, 640, id="narrow")]

HOSTILE = [
    pytest.param(
        "dialog { display: flex; align-items: center; position: absolute; inset: 0; overflow: visible; z-index: 1;"
        " width: 100vw; min-width: 100%; max-width: none; height: 100vh; min-height: 100%; max-height: none; }"
        " dialog > * { width: 150%; margin: -5rem; transform: scale(2); }",
        id="dialogs-fill-the-window",
    ),
    pytest.param(
        "[type=checkbox]:not([role=switch]), [type=radio] { appearance: none; -webkit-appearance: none;"
        " width: 1em; height: 1em; border: 1px solid; background: #fff; }",
        id="boxes-are-drawn",
    ),
    pytest.param(
        "input[type=checkbox]:not(:checked), input[type=checkbox]:checked"
        " { position: absolute; left: -9999px; opacity: 0; pointer-events: none; }",
        id="boxes-are-hidden",
    ),
    pytest.param(
        "aside { float: right; width: 30%; margin: 1rem; padding: 3rem; border: 5px solid; opacity: .1; }"
        " aside p { display: none; }",
        id="asides-are-narrow",
    ),
    pytest.param("html { font-size: 62.5%; } body { font-size: 1.4em; }", id="root-is-small"),
    pytest.param("html { font-size: 250%; }", id="root-is-large"),
    pytest.param("body { display: flex; justify-content: center; align-items: center; }", id="body-is-a-row"),
    pytest.param(
        "body { display: grid; grid-template-columns: 1fr min(20rem, 90%) 1fr; } body > * { grid-column: 2; }",
        id="body-is-a-grid",
    ),
    pytest.param(
        "body { color: #fff; background: #000; font: italic small-caps 5px/1 monospace; text-transform: uppercase;"
        " letter-spacing: .5em; word-spacing: 2em; white-space: nowrap; text-indent: -99px; text-align: right;"
        " text-shadow: 0 0 9px #f00; cursor: none; list-style: none; visibility: hidden; pointer-events: none;"
        " user-select: none; accent-color: #fff; word-break: break-all; }",
        id="body-is-inherited-from",
    ),
    pytest.param(
        "body * { min-width: 50px; max-width: 200px; margin: 20px; padding: 9px; border: 1px dotted; box-sizing: content-box;"
        " line-height: 3; color: #fff; background: #fff; animation: none; transition: all 1s; filter: blur(9px); }",
        id="everything",
    ),
    pytest.param(
        "#top#top :is(button, a, form, p, label, section) { display: none; opacity: 0; height: 0; }",
        id="by-id",
    ),
    pytest.param(
        "button, a, input, label, p { color: #fff !important; background: #fff !important; display: none !important;"
        " position: absolute !important; opacity: 0 !important; border-radius: 0 !important; }"
        " aside, dialog { display: none !important; width: 9px !important; }"
        " * { font-family: cursive !important; box-sizing: content-box !important; }",
        id="important",
    ),
    pytest.param(
        "button::before, a::after, label::before, summary::after"
        " { content: ''; position: fixed; inset: 0; background: #000; z-index: 9; }",
        id="painted-over",
    ),
    pytest.param(
        "button { float: right; width: 100%; height: 5rem; margin: 0 0 2rem; text-transform: uppercase; color: #fff;"
        " box-shadow: 0 0 9px; } button:first-child { background: #0a0; } fieldset, section, article { display: none; }"
        " label { display: flex; flex-direction: column; opacity: .5; } summary { list-style: none; display: none; }"
        " li { list-style: square; } a { border-bottom: 1px solid; text-decoration: none; color: inherit; }"
        " form { display: none; } p { max-width: 9rem; } h1, h3 { font-size: 9rem; text-align: center; }"
        " dl { display: grid; } dd { margin-left: 9rem; } details { border: 9px solid; max-height: 1rem; }",
        id="each-element",
    ),
]  # fmt: skip

# What of each element somebody could see, or would miss.
_SEEN = """root => [root, ...root.querySelectorAll("*")].map(element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const names = ["appearance", "color", "background-color", "border-top-width", "border-radius", "box-shadow", "cursor",
    "display", "filter", "font-family", "font-size", "font-style", "font-weight", "letter-spacing", "list-style-type",
    "opacity", "pointer-events", "position", "text-decoration-line", "text-shadow", "text-transform", "transform",
    "user-select", "visibility", "white-space", "z-index"];
  return [element.localName, [x, y, width, height].map(Math.round), ...names.map(name => style.getPropertyValue(name)),
    getComputedStyle(element, "::before").content, getComputedStyle(element, "::after").content].join();
})"""
# Whether a click in its middle reaches an element.
_REACHED = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


def styled(css: str = "", *, language: str = "en", paragraphs: int = 3) -> Callable[..., Iterable[bytes]]:
    """A page of links with this style sheet, and no link to the settings."""
    written = f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"'
    links = "".join(f"<p><a href=/{number}>Boot {number}</a></p>" for number in range(paragraphs))
    page = (
        f"<!doctype html><html {written}><head><title>Boots</title><link rel=icon href=data:,>"
        f"<meta name=viewport content='width=device-width'><style>{css}</style></head>"
        f"<body id=top><main>{links}</main><footer><a id=end href=/imprint>Imprint</a></footer></body></html>"
    ).encode()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [page]

    return app


def is_in(inner: FloatRect | None, width: int, height: int) -> bool:
    assert inner is not None
    right, bottom = inner["x"] + inner["width"], inner["y"] + inner["height"]
    return inner["x"] >= 0 and inner["y"] >= 0 and right <= width + 0.5 and bottom <= height + 0.5


def open_dialog(page: Page) -> Locator:
    page.evaluate("cookieguard.show()")
    page.locator("dialog[open]").wait_for()
    return page.locator("dialog")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_an_unstyled_page_shows_all_of_it(site: Make, anna: Visitor, width: int, height: int) -> None:
    page = anna.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(site(styled(), POLICY).url())
    banner = page.locator(".cg-banner")
    banner.wait_for()

    box = banner.bounding_box()
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, width, height)
    assert box["height"] <= height / 2
    for control in banner.locator("button, a").all():
        assert is_in(control.bounding_box(), width, height) and control.evaluate(_REACHED)
        assert look(control, ("font-size",)) == {"font-size": "16px"}

    dialog = open_dialog(page)
    assert is_in(dialog.bounding_box(), width, height)
    assert is_in(dialog.locator(".cg-close").bounding_box(), width, height)
    for control in dialog.locator("button:not(.cg-default), input[type=checkbox], summary, p a").all():
        control.scroll_into_view_if_needed()
        assert is_in(control.bounding_box(), width, height) and control.evaluate(_REACHED)
    for box in dialog.locator("input[type=checkbox]").all():
        seen = look(box, ("appearance", "opacity", "position", "width", "height"))
        assert [*seen.values()] == ["auto", "1", "static", "24px", "24px"]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("css", HOSTILE)
def test_a_sites_style_changes_nothing(site: Make, anna: Visitor, css: str, width: int, height: int) -> None:
    page, seen = anna.page, []
    page.set_viewport_size({"width": width, "height": height})
    for style in ("", css):
        page.goto(site(styled(style), POLICY).url())
        page.locator(".cg-banner").wait_for(state="attached")
        banner = page.locator(".cg-banner").evaluate(_SEEN)
        seen.append((banner, open_dialog(page).evaluate(_SEEN)))

    for plain, found in zip(*seen, strict=True):
        assert [pair for pair in zip(plain, found, strict=True) if pair[0] != pair[1]][:3] == []
    box = page.locator("dialog input[type=checkbox]").first
    category = box.get_attribute("value")
    box.check()
    page.locator("dialog button[value=some]").last.click()
    page.locator(".cg-settings").wait_for(state="attached")
    assert page.evaluate("category => cookieguard.allows(category)", category)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "css",
    [
        pytest.param("", id="unstyled"),
        pytest.param("body { display: flex; justify-content: center; }", id="body-is-a-row"),
        pytest.param("body { display: grid; place-items: center; height: 100vh; }", id="body-is-a-grid"),
        pytest.param(
            "aside { float: right; width: 30%; margin: 3rem; border: 9px solid; }", id="asides-are-narrow"
        ),
        pytest.param("html { font-size: 62.5%; } body { font-size: 1rem; }", id="root-is-small"),
        pytest.param(
            "body a:not(.button) { position: absolute; left: 50%; color: #fff; outline: none; opacity: .1;"
            " display: block; width: 100%; height: 100vh; }",
            id="links",
        ),
    ],
)
def test_the_link_to_the_settings_lies_in_its_corner(
    site: Make, anna: Visitor, css: str, language: str
) -> None:
    page = anna.page
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(site(styled(css, language=language), POLICY).url())
    page.locator(".cg-banner button[value=none]").click()
    link = page.locator(".cg-settings a")
    link.wait_for()

    box = link.bounding_box()
    assert box["y"] + box["height"] == 640
    assert (box["x"] + box["width"] == 360) if language == "ar" else box["x"] == 0
    assert box["width"] < 240 and 24 <= box["height"] < 60
    assert link.evaluate(_REACHED)
    shown = look(link, ("font-size", "opacity", "color", "background-color"))
    assert (shown["font-size"], shown["opacity"]) == ("16px", "1")
    assert shown["color"] != shown["background-color"]
    assert layout_shift(page) == 0


def test_after_a_choice_by_keyboard_the_focus_is_on_the_link_to_the_settings(
    site: Make, anna: Visitor
) -> None:
    served = site(styled(), POLICY)
    page = anna.page
    page.goto(served.url())
    page.locator(".cg-banner").wait_for()
    tab_to(page, page.locator(".cg-banner button[value=none]"))
    page.keyboard.press("Enter")
    link = page.locator(".cg-settings a")
    link.wait_for()
    assert link.evaluate("link => link == document.activeElement") and focus_is_seen(link)

    page.goto(served.url())
    link.wait_for()
    assert page.evaluate("document.activeElement == document.body")


def test_a_choice_in_another_tab_takes_no_focus(site: Make, anna: Visitor) -> None:
    served = site(styled(), POLICY)
    page, other = anna.page, anna.context.new_page()
    for tab in (page, other):
        tab.goto(served.url())
        tab.locator(".cg-banner").wait_for()
    page.locator("#end").focus()
    other.locator(".cg-banner button[value=none]").click()
    page.locator(".cg-settings a").wait_for()

    assert page.evaluate("document.activeElement.id") == "end"


@pytest.mark.parametrize("language", ["en", "de", "el", "fi", "ga", "ja", "ar"])
def test_the_banner_covers_neither_the_end_of_a_page_nor_the_focus(
    site: Make, anna: Visitor, language: str
) -> None:
    page = anna.page
    page.set_viewport_size({"width": 360, "height": 640})
    css = "html { font-size: 62.5%; }"
    page.goto(site(styled(css, language=language, paragraphs=40), POLICY).url())
    banner = page.locator(".cg-banner")
    banner.wait_for()
    for width, height in (
        (360, 640),
        (320, 480),
        (390, 844),
        (600, 900),
        (768, 1024),
        (1000, 700),
        (1280, 800),
    ):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        end = page.locator("#end").bounding_box()
        assert end["y"] + end["height"] <= banner.bounding_box()["y"], (width, height)
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("scrollTo(0, 0)")
    top = banner.bounding_box()["y"]
    for number in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert page.evaluate("document.activeElement.pathname") == f"/{number}" and focused <= top


def test_on_paper_nothing_is_left_of_the_banner(site: Make, visitor: Make) -> None:
    page = visitor().page
    page.goto(site(styled(), POLICY).url())
    page.locator(".cg-banner").wait_for()
    page.emulate_media(media="print")

    assert not page.locator(".cg-banner").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).marginBlockEnd") == "0px"


def test_a_page_laid_out_as_a_grid_stays_where_it_is(site: Make, anna: Visitor) -> None:
    css = "html { display: grid; place-items: center; min-height: 100vh; }"
    page = anna.page
    page.goto(site(styled(css, paragraphs=1), POLICY).url())
    page.locator(".cg-banner").wait_for()

    assert layout_shift(page) == 0


def test_colours_of_the_site_count(site: Make, anna: Visitor) -> None:
    css = ":root { --cg-text: #010203; --cg-back: #f0f1f2; --cg-soft: #e0e1e2; --cg-line: #404142; --cg-accent: #800001;"
    css += " --cg-font: 20px/1 serif; --cg-radius: 7px; }"
    page = anna.page
    page.goto(site(styled(css), POLICY).url())
    banner = page.locator(".cg-banner")
    banner.wait_for()

    assert look(banner, ("color", "background-color", "font-size")) == {
        "color": "rgb(1, 2, 3)",
        "background-color": "rgb(240, 241, 242)",
        "font-size": "20px",
    }
    names = ("color", "background-color", "border-top-color", "border-top-left-radius", "font-family")
    assert [*look(banner.locator("button").first, names).values()] == [
        "rgb(1, 2, 3)",
        "rgb(224, 225, 226)",
        "rgb(64, 65, 66)",
        "7px",
        "serif",
    ]
    assert look(banner.locator("a").first, ("color",)) == {"color": "rgb(128, 0, 1)"}
